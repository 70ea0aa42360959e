#pragma once

#include <atomic>
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace rota {

using std::chrono::milliseconds;

/// Milliseconds since the Unix epoch. Zero means "never".
struct timestamp {
  int64_t millis = 0;

  friend constexpr auto operator<=>(const timestamp&,
                                    const timestamp&) = default;

  friend constexpr timestamp operator+(timestamp t, milliseconds d) {
    return {t.millis + d.count()};
  }

  friend constexpr timestamp operator-(timestamp t, milliseconds d) {
    return {t.millis - d.count()};
  }

  friend constexpr milliseconds operator-(timestamp x, timestamp y) {
    return milliseconds{x.millis - y.millis};
  }
};

/// @returns RFC 3339 in UTC with milliseconds: "2026-11-23T12:00:00.000Z";
/// an empty string for "never".
std::string to_string(timestamp t);

/// Maps the actor clock, which is steady, onto wall time. Taken once, when the
/// process starts, so a jumping wall clock never moves a deadline. But the
/// steady clock stands still while the machine sleeps (CLOCK_MONOTONIC does,
/// clock_gettime(2)), and that time has passed all the same.
struct wall_clock {
  timestamp wall;
  std::chrono::steady_clock::time_point steady;
  /// Milliseconds for which the machine slept since; none where nobody
  /// watches. Outlives the clock.
  const std::atomic<int64_t>* slept = nullptr;

  timestamp at(std::chrono::steady_clock::time_point t) const {
    const auto passed = std::chrono::duration_cast<milliseconds>(t - steady);
    const auto more = slept ? slept->load(std::memory_order_relaxed) : 0;
    return wall + passed + milliseconds{more};
  }
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, timestamp& x) {
  return f(x.millis);
}

} // namespace rota
