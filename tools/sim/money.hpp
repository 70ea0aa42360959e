#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The simulator's own money. It shares nothing with the daemon's, so that a
// test which compares both books compares two implementations.

namespace rota::sim {

/// US dollars in whole nanodollars.
using nanos = int64_t;

inline constexpr nanos nanos_per_usd = 1'000'000'000;

/// What new-api sites count in: 500,000 quota are a dollar.
inline constexpr nanos nanos_per_quota = 2'000;

/// Picodollars for one token of each class. A dollar per million tokens is a
/// million of them.
struct prices {
  int64_t input = 0;
  int64_t output = 0;
  int64_t cache_read = 0;
  int64_t cache_write_5m = 0;
  int64_t cache_write_1h = 0;
  /// Of pictures and sound.
  int64_t media_input = 0;
  int64_t media_output = 0;
  /// Picodollars for one of each; they count where no token has a price.
  int64_t image = 0;
  int64_t character = 0;
  int64_t second = 0;
  int64_t search = 0;

  bool by_token() const {
    return input > 0 || output > 0 || media_output > 0;
  }
};

/// What a call used. The classes do not overlap; `reasoning` is part of
/// `output` and not charged again; the media tokens are parts of `input` and
/// `output` that have prices of their own.
struct tokens {
  int64_t input = 0;
  int64_t cache_read = 0;
  int64_t cache_write_5m = 0;
  int64_t cache_write_1h = 0;
  int64_t output = 0;
  int64_t reasoning = 0;
  int64_t media_input = 0;
  int64_t media_output = 0;
  int64_t images = 0;
  int64_t characters = 0;
  int64_t seconds = 0;
  int64_t searches = 0;

  int64_t prompt() const {
    return input + cache_read + cache_write_5m + cache_write_1h;
  }
};

/// Reads "12.5" as 12'500'000 for 6 places, exactly. Nothing for what is no
/// plain decimal, has more places than that, or does not fit.
std::optional<int64_t> parse_decimal(std::string_view text, int places);

/// @returns "-0.000000500": dollars with nine places.
std::string usd_text(nanos x);

/// @returns "12.5": as few places as are needed, for JSON numbers.
std::string usd_number(nanos x);

/// Rounds once, up, over the whole call:
/// ceil(sum of tokens, or else units, x price x multiplier), saturating.
/// @param multiplier_ppm 1'000'000 is a multiplier of 1.
nanos charge_of(const tokens& used, const prices& by, int64_t multiplier_ppm);

/// @returns x / y rounded down, towards what is less.
constexpr int64_t floor_div(int64_t x, int64_t y) {
  return x / y - (x % y != 0 && (x < 0) != (y < 0));
}

} // namespace rota::sim
