#include "actors/domain/json_amount.hpp"

#include <limits>

namespace rota {

namespace {

using json = nlohmann::json;
using wide = __int128;

/// @returns The USD that a number in decimal or scientific notation says,
/// exactly but for the last nanodollar; nothing if it is no number, or beyond
/// the range of money.
std::optional<money> parse_amount(std::string_view x, usd_ratio unit,
                                  rounding way) {
  const auto negative = x.starts_with('-');
  if (negative)
    x.remove_prefix(1);
  wide value = 0;
  int exponent = 9; // Nanodollars.
  bool digits = false;
  bool fraction = false;
  size_t i = 0;
  for (; i < x.size(); ++i) {
    if (x[i] == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (x[i] < '0' || x[i] > '9')
      break;
    digits = true;
    if (value > wide{1'000'000'000'000'000'000}) // Nobody means more digits.
      exponent += fraction ? 0 : 1;
    else {
      value = value * 10 + (x[i] - '0');
      exponent -= fraction ? 1 : 0;
    }
  }
  if (!digits)
    return std::nullopt;
  if (i < x.size()) {
    const auto power = x.substr(i + 1);
    const auto minus = power.starts_with('-');
    const auto rest = power.substr(minus || power.starts_with('+') ? 1 : 0);
    if ((x[i] != 'e' && x[i] != 'E') || rest.empty() || rest.size() > 3
        || rest.find_first_not_of("0123456789") != std::string_view::npos)
      return std::nullopt;
    const auto size = std::stoi(std::string{rest});
    exponent += minus ? -size : size;
  }
  auto divisor = wide{unit.denominator};
  if (__builtin_mul_overflow(value, wide{unit.numerator}, &value))
    return std::nullopt;
  for (; exponent > 0 && value != 0; --exponent)
    if (__builtin_mul_overflow(value, wide{10}, &value))
      return std::nullopt;
  for (; exponent < 0 && value != 0; ++exponent)
    if (__builtin_mul_overflow(divisor, wide{10}, &divisor)) {
      divisor = 1; // Far below a nanodollar.
      value = way == rounding::up ? 1 : 0;
    }
  const auto exact = value % divisor == 0;
  value /= divisor;
  // Towards zero is up for a negative amount.
  if (!exact && (way == rounding::up) != negative)
    ++value;
  if (value > std::numeric_limits<int64_t>::max())
    return std::nullopt;
  return money{static_cast<int64_t>(negative ? -value : value)};
}

} // namespace

std::optional<money> amount_at(const json& x, const json::json_pointer& where,
                               usd_ratio unit, rounding way) {
  if (!x.is_structured() || !x.contains(where))
    return std::nullopt;
  const auto& value = x[where];
  if (value.is_string())
    return parse_amount(value.get_ref<const std::string&>(), unit, way);
  // The shortest text that reads back as the same number is what was sent.
  return value.is_number() ? parse_amount(value.dump(), unit, way)
                           : std::nullopt;
}

std::optional<money> difference(const std::optional<money>& x,
                                const std::optional<money>& y) {
  int64_t result = 0;
  if (!x || !y || __builtin_sub_overflow(x->nanos, y->nanos, &result))
    return std::nullopt;
  return money{result};
}

} // namespace rota
