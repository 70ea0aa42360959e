#include "tests/simulation/black_box.hpp"

#include <algorithm>
#include <csignal>
#include <cstdarg>
#include <unistd.h>

namespace rota::simulation {

void require(bool good, const char* invariant, const char* what) {
  if (!good)
    throw violation{invariant, what};
}

void agree(int64_t found, int64_t wanted, const char* invariant,
           const char* what) {
  if (found != wanted)
    throw violation{invariant, std::string{what} + ": "
                                 + std::to_string(found) + " instead of "
                                 + std::to_string(wanted)};
}

void black_box::begin(const char* kind, uint64_t seed) {
  kind_ = kind;
  seed_ = seed;
  events_ = 0;
}

void black_box::note(const char* format, ...) {
  auto& line = lines_[events_++ % kept];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line.data(), line.size(), format, arguments);
  va_end(arguments);
  if (echoes_)
    std::printf("%8llu  %s\n", static_cast<unsigned long long>(events_ - 1),
                line.data());
}

void black_box::print(FILE* out) const {
  const auto from = events_ - std::min<uint64_t>(events_, kept);
  for (auto i = from; i < events_; ++i)
    std::fprintf(out, "  %8llu  %s\n", static_cast<unsigned long long>(i),
                 lines_[i % kept].data());
  std::fprintf(out, "replay: simulation --%s %llu\n", kind_,
               static_cast<unsigned long long>(seed_));
}

void black_box::catch_aborts() {
  // The abort comes from this thread and from a check, not from the middle of
  // the library: printing is safe.
  std::signal(SIGABRT, [](int) {
    const auto& box = instance();
    std::printf("%s seed %llu failed: the code's own check stopped it, at"
                " step %llu\n",
                box.kind_, static_cast<unsigned long long>(box.seed_),
                static_cast<unsigned long long>(box.events_));
    box.print(stdout);
    std::fflush(stdout);
    _exit(1);
  });
}

black_box& black_box::instance() {
  static black_box result;
  return result;
}

} // namespace rota::simulation
