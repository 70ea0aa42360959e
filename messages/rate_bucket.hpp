#pragma once

#include "messages/time.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace rota {

/// A token bucket that refills continuously, full at first.
struct rate_bucket {
  uint32_t per_minute = 0; ///< 0: no limit.
  double level = 0;        ///< At most per_minute; below 0: a debt.
  timestamp at;            ///< When that was its level.

  /// What it holds, if it has a limit.
  double level_at(timestamp now) const {
    if (at.millis == 0 || now <= at)
      return level;
    const auto refill = static_cast<double>((now - at).count()) * per_ms();
    return std::min(level + refill, static_cast<double>(per_minute));
  }

  /// Whether so much may be taken. More than a minute has is granted by a full
  /// bucket, and leaves a debt.
  bool has(int64_t amount, timestamp now) const {
    return per_minute == 0 || level_at(now) >= wanted(amount);
  }

  /// How long until then.
  milliseconds wait_for(int64_t amount, timestamp now) const {
    if (has(amount, now))
      return milliseconds{0};
    const auto missing = (wanted(amount) - level_at(now)) / per_ms();
    return milliseconds{static_cast<int64_t>(std::ceil(missing)) + 1};
  }

  /// Takes so much; below 0: gives back, up to a full bucket.
  void take(int64_t amount, timestamp now) {
    if (per_minute == 0)
      return;
    level = std::min(level_at(now) - static_cast<double>(amount),
                     static_cast<double>(per_minute));
    at = std::max(at, now);
  }

  /// A new limit begins full, and so does one that nothing was taken of yet;
  /// else it fills up to it.
  void limit(uint32_t x) {
    const auto full = static_cast<double>(x);
    level = per_minute == 0 || at.millis == 0 ? full : std::min(level, full);
    per_minute = x;
  }

private:
  double per_ms() const {
    return static_cast<double>(per_minute) / 60'000;
  }

  double wanted(int64_t amount) const {
    return std::min(static_cast<double>(amount),
                    static_cast<double>(per_minute));
  }
};

} // namespace rota
