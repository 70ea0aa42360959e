#include "actors/domain/limit_headers.hpp"

#include "actors/domain/retry_after.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace rota {

namespace {

/// A reset header: an RFC 3339 date, a duration, or a Unix time in seconds or
/// milliseconds.
std::optional<milliseconds> parse_reset(std::string_view text, timestamp now) {
  if (const auto date = parse_date(text))
    return *date - now;
  const auto wait = parse_wait(text);
  if (!wait)
    return std::nullopt;
  // Numbers were taken for seconds.
  const auto number = wait->count() / 1'000;
  if (number >= 100'000'000'000)
    return timestamp{number} - now;
  if (number >= 1'000'000'000)
    return timestamp{wait->count()} - now;
  return wait;
}

} // namespace

std::optional<milliseconds> reset_of_limits(const upstream_outcome& x,
                                            timestamp now) {
  // What stands before "remaining" and behind it.
  struct dimension {
    std::string_view remaining;
    std::string_view reset;
  };
  constexpr std::array<dimension, 7> dimensions{{
    {"x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"},
    {"x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"},
    {"x-ratelimit-remaining", "x-ratelimit-reset"},
    {"anthropic-ratelimit-requests-remaining",
     "anthropic-ratelimit-requests-reset"},
    {"anthropic-ratelimit-tokens-remaining",
     "anthropic-ratelimit-tokens-reset"},
    {"anthropic-ratelimit-input-tokens-remaining",
     "anthropic-ratelimit-input-tokens-reset"},
    {"anthropic-ratelimit-output-tokens-remaining",
     "anthropic-ratelimit-output-tokens-reset"},
  }};
  std::optional<milliseconds> result;
  for (const auto& [remaining, reset] : dimensions)
    if (x.header(remaining) == "0")
      if (const auto wait = parse_reset(x.header(reset), now))
        result = std::max(result.value_or(*wait), *wait);
  return result;
}

std::optional<milliseconds> reset_of_windows(const upstream_outcome& x,
                                             timestamp now) {
  const std::string prefix = "anthropic-ratelimit-unified-";
  if (const auto wait = parse_reset(x.header(prefix + "reset"), now))
    return wait;
  struct window {
    std::string_view claim;
    const char* name;
  };
  constexpr window windows[] = {{"five_hour", "5h"}, {"seven_day", "7d"}};
  const auto claim = x.header(prefix + "representative-claim");
  std::optional<milliseconds> result;
  for (const auto& y : windows) {
    if (claim != y.claim
        && x.header(prefix + y.name + "-status") != "rejected")
      continue;
    const auto reset = x.header(prefix + y.name + "-reset");
    if (const auto wait = parse_reset(reset, now))
      result = std::max(result.value_or(*wait), *wait);
  }
  return result;
}

} // namespace rota
