#include "tools/sim/money.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>

namespace rota::sim {

namespace {

__extension__ using wide = __int128;

constexpr auto most = std::numeric_limits<int64_t>::max();

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

} // namespace

std::optional<int64_t> parse_decimal(std::string_view text, int places) {
  const auto negative = text.starts_with('-');
  text.remove_prefix(negative || text.starts_with('+'));
  wide value = 0;
  int after_point = -1;
  int digits = 0;
  for (const auto c : text) {
    if (c == '.' && after_point < 0) {
      after_point = 0;
      continue;
    }
    if (!is_digit(c) || ++digits > 30)
      return std::nullopt;
    if (after_point >= places && c != '0')
      return std::nullopt;
    if (after_point >= 0 && after_point++ >= places)
      continue;
    value = value * 10 + (c - '0');
    if (value > most)
      return std::nullopt;
  }
  if (digits == 0)
    return std::nullopt;
  for (int i = std::max(after_point, 0); i < places; ++i)
    if ((value *= 10) > most)
      return std::nullopt;
  return static_cast<int64_t>(negative ? -value : value);
}

std::string usd_text(nanos x) {
  const auto size =
      x < 0 ? -static_cast<uint64_t>(x) : static_cast<uint64_t>(x);
  char buffer[40];
  std::snprintf(buffer, sizeof(buffer), "%s%llu.%09llu", x < 0 ? "-" : "",
                static_cast<unsigned long long>(size / nanos_per_usd),
                static_cast<unsigned long long>(size % nanos_per_usd));
  return buffer;
}

std::string usd_number(nanos x) {
  auto result = usd_text(x);
  result.erase(result.find_last_not_of('0') + 1);
  if (result.ends_with('.'))
    result.pop_back();
  return result;
}

nanos charge_of(const tokens& used, const prices& by, int64_t multiplier_ppm) {
  // Prices and counts are checked where they are read: at most 1e15 each, so
  // that seven products and the multiplier (at most 1e9) stay below 2^127.
  wide picos = 0;
  if (by.by_token())
    picos = wide{used.input - used.media_input} * by.input
            + wide{used.media_input} * by.media_input
            + wide{used.cache_read} * by.cache_read
            + wide{used.cache_write_5m} * by.cache_write_5m
            + wide{used.cache_write_1h} * by.cache_write_1h
            + wide{used.output - used.media_output} * by.output
            + wide{used.media_output} * by.media_output;
  else
    picos = wide{used.images} * by.image
            + wide{used.characters} * by.character
            + wide{used.seconds} * by.second
            + wide{used.searches} * by.search;
  const wide scale = wide{1'000'000} * 1'000;
  const wide result = (picos * multiplier_ppm + scale - 1) / scale;
  return result > most ? most : static_cast<nanos>(result);
}

} // namespace rota::sim
