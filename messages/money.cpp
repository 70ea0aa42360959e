#include "messages/money.hpp"

#include "messages/money_sum.hpp"

#include <limits>

namespace rota {

namespace {

/// Reads a decimal with at most `places` digits behind the point into units
/// of 10^-places.
std::optional<int64_t> parse_scaled(std::string_view text, int places) {
  const auto negative = text.starts_with('-');
  if (negative)
    text.remove_prefix(1);
  if (text.empty())
    return std::nullopt;
  int64_t result = 0;
  int digits = 0;
  int decimals = -1; // Counts from 0 once the point was seen.
  for (const char c : text) {
    if (c == '.') {
      if (decimals >= 0 || digits == 0)
        return std::nullopt;
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9' || decimals == places)
      return std::nullopt;
    if (__builtin_mul_overflow(result, int64_t{10}, &result)
        || __builtin_sub_overflow(result, int64_t{c - '0'}, &result))
      return std::nullopt; // Negative: the lowest value has no opposite.
    ++digits;
    if (decimals >= 0)
      ++decimals;
  }
  if (decimals == 0 || digits == 0)
    return std::nullopt;
  for (int i = decimals < 0 ? 0 : decimals; i < places; ++i)
    if (__builtin_mul_overflow(result, int64_t{10}, &result))
      return std::nullopt;
  if (!negative && __builtin_sub_overflow(int64_t{0}, result, &result))
    return std::nullopt;
  return result;
}

/// Writes units of 10^-places with all `places` digits.
/// @param rest The unsigned value without its sign.
template <class Unsigned>
std::string format_scaled(bool negative, Unsigned rest, int places) {
  std::string result;
  for (int i = 0; i < places || rest > 0 || i == places; ++i) {
    if (i == places)
      result += '.';
    result += static_cast<char>('0' + rest % 10);
    rest /= 10;
  }
  if (negative)
    result += '-';
  return {result.rbegin(), result.rend()};
}

std::string format_scaled(int64_t x, int places) {
  const auto bits = static_cast<uint64_t>(x);
  return format_scaled(x < 0, x < 0 ? uint64_t{0} - bits : bits, places);
}

std::string trimmed(std::string text, size_t least_places) {
  const auto least = text.find('.') + 1 + least_places;
  while (text.size() > least && text.back() == '0')
    text.pop_back();
  return text;
}

} // namespace

std::string to_string(money x) {
  return trimmed(to_decimal(x), 2);
}

std::string to_decimal(money x) {
  return format_scaled(x.nanos, 9);
}

std::string to_decimal(money_sum x) {
  __extension__ using wide = unsigned __int128;
  const auto bits = static_cast<wide>(x.nanos_);
  return format_scaled(x.nanos_ < 0, x.nanos_ < 0 ? wide{0} - bits : bits, 9);
}

std::optional<money> parse_money(std::string_view text) {
  if (const auto nanos = parse_scaled(text, 9))
    return money{*nanos};
  return std::nullopt;
}

std::optional<factor> parse_factor(std::string_view text) {
  if (const auto ppm = parse_scaled(text, 6); ppm && *ppm >= 0)
    return factor{*ppm};
  return std::nullopt;
}

std::string to_string(factor x) {
  return trimmed(format_scaled(x.ppm, 6), 1);
}

} // namespace rota
