// The daemon that dies where it is told to: ROTA_KILL_AT=NAME:N ends it at the
// N-th time that it comes to that point, as kill -9 does. ROTA_STALL=NAME:FILE
// keeps whoever comes to that point there while the file exists, as a disk does
// that does not answer.

#include "runtime/observe/kill_point.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

#include <unistd.h>

namespace rota {

namespace {

struct target {
  std::string_view name;
  long times = 0;
};

target chosen() {
  const auto* text = std::getenv("ROTA_KILL_AT");
  const auto* colon = text != nullptr ? std::strrchr(text, ':') : nullptr;
  if (colon == nullptr)
    return {};
  return {{text, static_cast<size_t>(colon - text)},
          std::strtol(colon + 1, nullptr, 10)};
}

void stall(std::string_view name) {
  static const auto* text = std::getenv("ROTA_STALL");
  static const auto* colon = text != nullptr ? std::strchr(text, ':') : nullptr;
  if (colon == nullptr
      || name != std::string_view{text, static_cast<size_t>(colon - text)})
    return;
  constexpr timespec tick{0, 5'000'000};
  while (::access(colon + 1, F_OK) == 0)
    ::nanosleep(&tick, nullptr);
}

} // namespace

void kill_point(const char* name) {
  static const auto it = chosen();
  static std::atomic<long> seen = 0;
  stall(name);
  if (it.name == name && ++seen == it.times)
    ::kill(::getpid(), SIGKILL);
}

} // namespace rota
