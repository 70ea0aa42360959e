#pragma once

#include "messages/job.hpp"
#include "messages/time.hpp"
#include "messages/upstream.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// Whether a body is one whole JSON document with what the surface answers
/// with, and without a word of a fault. Cheap: every success goes through it.
/// False says nothing; read_answer looks closer.
bool is_plain_answer(surface route, std::string_view body);

/// The same, whatever is said of a fault beside: whether there is one is for
/// read_answer to say.
bool has_answer(surface route, std::string_view body);

/// What the body of an answer says about how the call went.
struct answer {
  enum class form : uint8_t {
    empty = 0,
    html,
    json,
    stream, ///< Server-sent events.
    other,  ///< Neither: broken JSON, plain text.
  };

  form is = form::empty;
  /// HTML: it has the marks of a web firewall's challenge.
  bool challenge = false;
  /// It says that something went wrong.
  bool fault = false;
  /// Something that the model made, or a verdict on the prompt, is in it; or
  /// it works on, in silence.
  bool content = false;
  /// Blocks that have begun, and signs of life behind the first.
  int waiting = 0;
  /// A stream said why it ends, as its protocol has it: that is an answer,
  /// even if the model made nothing that can be seen.
  bool concluded = false;
  /// It came to the end that its protocol has.
  bool complete = false;
  /// By its protocol nothing comes behind that, figures included.
  bool over = false;
  /// The id of the response that a stream brings.
  std::string response;

  // Of the fault; see config/failure_rules.yaml.
  std::vector<std::string> codes;
  std::vector<std::string> types;
  std::string message;
  /// The HTTP status that the fault names itself, 0: none.
  int status = 0;
  /// Google's RetryInfo, or Codex' resets_in_seconds.
  std::optional<milliseconds> retry_delay;
  /// When Codex' window is reset.
  std::optional<timestamp> resets_at;
};

/// Takes the data of one event of a stream into what the stream has said so
/// far.
void read_event(surface route, std::string_view data, answer& x);

/// Gives the data of each event of a whole stream, until `take` wants no more.
void for_each_event(std::string_view body,
                    const std::function<bool(std::string_view)>& take);

/// Looks into the body of an answer, whatever its status.
answer read_answer(surface route, const upstream_outcome& x);

} // namespace rota
