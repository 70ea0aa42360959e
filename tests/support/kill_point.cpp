// The daemon that dies where it is told to: ROTA_KILL_AT=NAME:N ends it at the
// N-th time that it comes to that point, as kill -9 does.

#include "runtime/observe/kill_point.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
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

} // namespace

void kill_point(const char* name) {
  static const auto it = chosen();
  static std::atomic<long> seen = 0;
  if (it.name == name && ++seen == it.times)
    ::kill(::getpid(), SIGKILL);
}

} // namespace rota
