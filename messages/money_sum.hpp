#pragma once

#include "messages/money.hpp"

#include <algorithm>
#include <limits>

namespace rota {

/// What many amounts come to: those of all accounts, or of a whole life. That
/// may be more than one amount can say, and no reason to stop. Exact; 2^63 of
/// the greatest amounts fit.
class money_sum {
public:
  constexpr money_sum() = default;

  constexpr money_sum(money x) : nanos_{x.nanos} {
    // nop
  }

  constexpr money_sum& operator+=(money_sum x) {
    nanos_ += x.nanos_;
    return *this;
  }

  constexpr money_sum& operator-=(money_sum x) {
    nanos_ -= x.nanos_;
    return *this;
  }

  friend constexpr money_sum operator+(money_sum x, money_sum y) {
    return x += y;
  }

  friend constexpr money_sum operator-(money_sum x, money_sum y) {
    return x -= y;
  }

  friend constexpr auto operator<=>(money_sum, money_sum) = default;

  /// @returns The amount that comes nearest, where one amount must do: kept
  /// totals stop at the top.
  constexpr money nearest() const {
    using limits = std::numeric_limits<int64_t>;
    return {static_cast<int64_t>(
      std::clamp<wide>(nanos_, limits::min(), limits::max()))};
  }

  /// The same as of an amount, and exact.
  friend std::string to_decimal(money_sum x);

private:
  __extension__ using wide = __int128;

  wide nanos_ = 0;
};

/// @returns What two amounts come to where a total is kept as one amount: it
/// stops at the top.
constexpr money saturated_sum(money_sum x, money_sum y) {
  return (x + y).nearest();
}

} // namespace rota
