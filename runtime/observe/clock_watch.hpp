#pragma once

#include "messages/time.hpp"

#include <atomic>
#include <optional>

namespace rota {

/// The daemon's clock, and who looks after it: wall time goes by the clock of
/// the start and what passed since, the machine's sleep included.
class clock_watch {
public:
  /// What the machine's clocks say at one moment.
  struct reading {
    std::chrono::steady_clock::time_point steady;
    /// CLOCK_BOOTTIME: steady, but goes on while the machine sleeps.
    std::chrono::nanoseconds boot{0};
    timestamp wall;
  };

  static reading read();

  explicit clock_watch(const reading& start);

  clock_watch(const clock_watch&) = delete;
  clock_watch& operator=(const clock_watch&) = delete;

  /// Not to be used when this is gone.
  wall_clock clock() const {
    return {start_.wall, start_.steady, &slept_};
  }

  /// Adds what the machine slept. To be called by one thread, every second or
  /// so.
  /// @returns How far the machine's wall clock is ahead of ours, where someone
  /// should hear of it: more than a minute, and not what was told before.
  std::optional<milliseconds> look(const reading& now);

private:
  const reading start_;
  std::atomic<int64_t> slept_ = 0; // Milliseconds.
  milliseconds told_{0};
};

} // namespace rota
