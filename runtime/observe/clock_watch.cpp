#include "runtime/observe/clock_watch.hpp"

#include <ctime>

namespace rota {

namespace {

using std::chrono::duration_cast;
using namespace std::chrono_literals;

/// Two clocks are read one after the other: less than this is no sleep.
constexpr milliseconds sleep_min = 100ms;

constexpr milliseconds worth_telling = 1min;

} // namespace

clock_watch::reading clock_watch::read() {
  timespec boot{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::steady_clock::now(),
          std::chrono::seconds{boot.tv_sec}
            + std::chrono::nanoseconds{boot.tv_nsec},
          timestamp{duration_cast<milliseconds>(wall).count()}};
}

clock_watch::clock_watch(const reading& start) : start_{start} {
  // nop
}

std::optional<milliseconds> clock_watch::look(const reading& now) {
  const auto slept = duration_cast<milliseconds>(
    (now.boot - start_.boot) - (now.steady - start_.steady));
  if (slept.count() - slept_ >= sleep_min.count())
    slept_ = slept.count();
  const auto ahead = now.wall - clock().at(now.steady);
  if (std::chrono::abs(ahead - told_) < worth_telling)
    return std::nullopt;
  told_ = std::chrono::abs(ahead) < worth_telling ? 0ms : ahead;
  return ahead;
}

} // namespace rota
