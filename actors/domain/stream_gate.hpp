#pragma once

#include "actors/domain/answer.hpp"
#include "actors/domain/list_scanner.hpp"
#include "actors/domain/usage_scanner.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rota {

/// Stands between a provider's stream and the caller. While only the preamble
/// has come (a role, "message_start", "response.created", a block or item that
/// is empty yet, pings, comments) it holds everything back: until then the
/// request may still move to another account. With the first event of content
/// it opens, or with one that says why the stream ends, for a model may have
/// nothing to say. From then on events pass as they come, each as a whole
/// unless it is very long: where a stream breaks off, an error can follow what
/// has passed. Reads usage in passing. Pure; memory is bounded by `held_max`
/// and the longest line it looks at.
class stream_gate {
public:
  /// @param held_max  What is held at most; a preamble beyond it opens.
  /// @param swallow_usage  Chat only: the caller did not ask for usage, so the
  ///                  chunk that holds nothing else is taken out.
  stream_gate(surface route, size_t held_max, bool swallow_usage);

  /// What comes is neither text nor JSON: all of it is content. To be said
  /// before it comes.
  void expect_sound();

  /// Once it is open, a fault of whose data this is true does not pass, nor
  /// what comes behind it. To be said before anything comes.
  void hide(std::function<bool(std::string_view)> is_private);

  /// Takes the next bytes of the body.
  /// @returns What may be passed on now; valid until the next call.
  std::string_view feed(std::string_view chunk);

  /// The body has come to its end.
  /// @returns What may be passed on still.
  std::string_view finish();

  bool is_open() const {
    return open_;
  }

  /// All that came, where it never opened.
  std::string take_held() {
    return std::move(held_);
  }

  /// Whether the stream came to the end that its protocol has, and whether it
  /// said that something went wrong.
  bool complete() const {
    return said_.complete;
  }
  bool fault() const {
    return said_.fault;
  }

  /// Whether nothing can come behind that by its protocol: whatever becomes of
  /// the connection then, the answer is whole.
  bool over() const {
    return is_list() ? said_.complete && list_.is_over() : said_.over;
  }

  /// Whether it has hidden a fault.
  bool is_cut() const {
    return cut_;
  }

  /// Whether it comes in events or elements, so that a word of ours can follow
  /// those that have passed.
  bool is_in_parts() const;

  /// Whether what comes is an array instead of events.
  bool is_list() const {
    return form_ == form::list;
  }

  /// The id of the response that it brings, as far as it said one.
  const std::string& response() const {
    return said_.response;
  }

  /// The tokens it said; partial where it broke off.
  std::optional<usage> used() const {
    return usage_.result();
  }

  /// How often the stream said something: comments say nothing.
  uint64_t events() const {
    return events_;
  }

  /// The tokens of the text that has come, as we weigh it.
  int64_t text() const {
    return (weight_ + 99) / 100;
  }

private:
  enum class form : uint8_t { unknown, events, list, document, sound };

  void keep_tail();
  void look(std::string_view chunk);
  void look_at_list(std::string_view chunk);
  void look_at_lines(std::string_view chunk);
  void end_line(std::string_view line);
  void end_event();
  bool is_usage_only() const;

  surface route_;
  size_t held_max_;
  bool swallow_;
  form form_ = form::unknown;
  bool open_ = false;
  bool finished_ = false;
  bool cut_ = false;
  std::function<bool(std::string_view)> is_private_;
  answer said_;
  usage_scanner usage_;
  list_scanner list_;
  uint64_t events_ = 0;
  int64_t weight_ = 0; // Of the text, in hundredths of a token.
  std::string held_;
  std::string line_;  // Of a line that has not ended.
  std::string data_;  // Of an event that has not ended.
  std::string event_; // Its bytes, where events may be swallowed.
  std::string out_;
  size_t since_ = 0; // Bytes behind the last whole event that may pass.
};

} // namespace rota
