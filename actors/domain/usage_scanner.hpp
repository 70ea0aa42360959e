#pragma once

#include "actors/domain/short_word.hpp"
#include "actors/domain/usage_figures.hpp"
#include "messages/job.hpp"
#include "messages/usage.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rota {

/// Finds the tokens that an answer says it used, while the answer goes by in
/// chunks of any size: one JSON document, a JSON array of documents, or a
/// stream of server-sent events. Keeps a few hundred bytes, however long the
/// answer. Never fails: what is no JSON says nothing. Texts of the model never
/// count, whatever they hold, for only members at known places are read.
class usage_scanner {
public:
  explicit usage_scanner(surface route);

  /// Takes the next bytes of the answer; none after finish().
  void feed(std::string_view chunk);

  /// The answer came to its end. Without this the result is partial.
  void finish();

  /// The tokens said so far. Of figures that a stream repeats the last ones
  /// count; those of Anthropic's events are cumulative and complete each
  /// other. Nothing where no figure was said, where all are zero (a relay
  /// that did not count) and where one is beyond belief.
  std::optional<usage> result() const;

private:
  /// Where the scanner stands; everything else is skipped.
  enum class place : uint8_t {
    outside, list, root, response, message, choices, choice, meta, figures,
    details, listed, entry, items, item,
  };

  enum class mode : uint8_t { between, text, scalar };
  enum class form : uint8_t { unknown, json, lines };
  enum class line : uint8_t { prefix, data, ignored };

  void read_lines(std::string_view x);
  void end_line();
  void read_json(std::string_view x);
  const char* read_structure(const char* p);
  const char* read_text(const char* p, const char* end);
  const char* read_scalar(const char* p, const char* end);
  const char* skip(const char* p, const char* end);
  void open(bool object);
  void close();
  void begin_text();
  void take_text();
  void take_scalar();
  void commit();
  void reset();
  place here() const;
  place inner(bool object) const;
  bool in_entry() const;

  surface route_;
  form form_ = form::unknown;
  line line_ = line::prefix;
  mode mode_ = mode::between;
  bool finished_ = false;
  bool after_return_ = false;
  bool after_colon_ = false;
  bool escaped_ = false;
  bool is_key_ = false;
  bool collects_ = false;
  /// Anthropic: message_start said figures; a later event or document did.
  bool began_ = false;
  bool concluded_ = false;
  uint8_t matched_ = 0;
  uint8_t depth_ = 0;
  uint32_t skipped_ = 0;
  std::array<place, 8> stack_{};
  short_word word_;
  short_word key_;
  short_word parent_;
  short_word list_;  // The member of the usage that lists figures,
  short_word label_; // and what an entry of it is said to be.
  usage_figures pending_;
  usage_figures entry_;
  usage_figures said_;
  int64_t searches_ = 0; // Calls of a web search, among the answer's items.
  usage_figures length_; // Of a recording, beside the usage.
  service_tier tier_ = service_tier::standard;
  bool fast_ = false;
  bool us_only_ = false;
};

} // namespace rota
