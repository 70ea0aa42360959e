#pragma once

#include "messages/check.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// An amount of US dollars in whole nanodollars (1e-9 USD). Token prices reach
/// 1.5e-7 USD, so micros are too coarse; int64 nanos reach 9.2e9 USD. Sums are
/// checked: an overflow is a broken invariant, never a wrong balance.
struct money {
  int64_t nanos = 0;

  friend constexpr auto operator<=>(const money&, const money&) = default;

  friend constexpr money operator+(money x, money y) {
    money result;
    ROTA_CHECK(!__builtin_add_overflow(x.nanos, y.nanos, &result.nanos),
               "money overflows");
    return result;
  }

  friend constexpr money operator-(money x, money y) {
    money result;
    ROTA_CHECK(!__builtin_sub_overflow(x.nanos, y.nanos, &result.nanos),
               "money overflows");
    return result;
  }

  friend constexpr money operator-(money x) {
    return money{} - x;
  }

  constexpr money& operator+=(money x) {
    return *this = *this + x;
  }

  constexpr money& operator-=(money x) {
    return *this = *this - x;
  }
};

/// The price of one token or call in whole picodollars (1e-12 USD): the
/// cheapest known price, 2.8e-9 USD a token, needs that much.
struct price {
  int64_t picos = 0;

  friend constexpr auto operator<=>(const price&, const price&) = default;
};

/// A factor in parts per million: 1'000'000 is 1.
struct factor {
  int64_t ppm = 1'000'000;

  friend constexpr auto operator<=>(const factor&, const factor&) = default;
};

/// @returns Plain decimal USD without trailing zeros but at least two places:
/// "25.00", "-0.0000007156".
std::string to_string(money x);

/// @returns Exactly nine places, for machines: "25.000000000".
std::string to_decimal(money x);

/// Reads plain decimal USD ("25", "-1.5", "0.000000001") exactly.
/// @returns Nothing for anything else: exponents, more than nine places,
/// signs in the middle, values beyond the range.
std::optional<money> parse_money(std::string_view text);

/// Reads a factor ("1", "0.8", "1.000001") exactly, at most six places, not
/// negative.
std::optional<factor> parse_factor(std::string_view text);

std::string to_string(factor x);

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, money& x) {
  return f(x.nanos);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, factor& x) {
  return f(x.ppm);
}

} // namespace rota
