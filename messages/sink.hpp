#pragma once

#include "messages/ids.hpp"
#include "messages/time.hpp"
#include "messages/usage.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rota {

using header_list = std::vector<std::pair<std::string, std::string>>;

/// What a sink has seen of a body that it passed on: the outcome has no more
/// than this of it.
struct passed_body {
  /// The tokens it said, if it did.
  std::optional<usage> used;
  /// The tokens of its text, as we weigh it.
  int64_t text = 0;
  /// It came to the end that its protocol has, without a word of a fault.
  bool whole = false;
  /// From the request's arrival to the first content that reached its caller.
  milliseconds first_content{0};
};

struct upstream_outcome;

/// Takes an answer's body while it comes, past every mailbox. Called on the
/// upstream's thread only.
class answer_sink {
public:
  virtual ~answer_sink() = default;

  /// The answer's head has come; names are in lower case.
  /// @returns Whether it wants the body; else that is gathered in the outcome.
  virtual bool begin(int status, const header_list& headers) = 0;

  /// @returns Whether `take` may be called. If not, the provider is not read
  /// until the sink calls `on_ready`.
  virtual bool ready() const = 0;

  /// @returns Whether the answer got on by this: a stream does not by comments
  /// that only keep the connection alive.
  virtual bool take(std::string_view piece) = 0;

  /// @returns Whether part of an answer has reached the caller.
  virtual bool committed() const = 0;

  /// The call has ended, well or not; completes what is told of it.
  virtual void end(upstream_outcome& x) = 0;

  /// Whose answer comes next; set before each call.
  std::string account;
  account_id account_number;

  /// Whether an event of the answer is a fault that tells of that account what
  /// no caller may read; set before each call.
  std::function<bool(std::string_view)> is_private;

  /// Set while a call is under way.
  std::function<void()> on_ready;
};

} // namespace rota
