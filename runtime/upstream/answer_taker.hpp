#pragma once

#include <string_view>

namespace rota {

/// Who is told an HTTP answer, in order, by whoever reads it.
class answer_taker {
public:
  /// The head of the answer begins, or of one before it ("100 Continue").
  virtual void begin_head(int status) = 0;

  /// @param value Without the space around it.
  /// @returns False if the head is too large: the end.
  virtual bool take_header(std::string_view name, std::string_view value) = 0;

  virtual void end_head() = 0;

  /// The sink may be full: then the same bytes must be told once more, later.
  /// Too much is the end.
  enum class taken { all, nothing_now, too_much };
  virtual taken take_body(std::string_view piece) = 0;

  /// The answer's head is larger than any API's: the end.
  virtual void refuse_head() = 0;

  /// It ended before its answer was whole, unless that is known already.
  virtual void broke(std::string_view why) = 0;

protected:
  ~answer_taker() = default;
};

} // namespace rota
