#pragma once

#include "messages/ledger.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

namespace rota::simulation {

/// An invariant that does not hold.
struct violation {
  /// "I9", or "liveness".
  std::string invariant;
  std::string what;
};

/// Throws a violation unless `good`.
void require(bool good, const char* invariant, const char* what);

/// Throws a violation unless both agree.
void agree(int64_t found, int64_t wanted, const char* invariant,
           const char* what);

/// Remembers the last events of the seed that runs, so that a failure, even an
/// abort, can say what led there.
class black_box {
public:
  /// Begins a seed.
  void begin(const char* kind, uint64_t seed);

  /// Prints every event from now on.
  void echo() {
    echoes_ = true;
  }

  /// Notes an event; format as of printf.
  [[gnu::format(printf, 2, 3)]] void note(const char* format, ...);

  /// Counts what was judged, by the kind of entry.
  void judged(entry_kind x) {
    ++judged_[static_cast<size_t>(x)];
  }

  /// Entries that were judged since the program began, by kind.
  const std::array<uint64_t, 15>& judged() const {
    return judged_;
  }

  uint64_t events() const {
    return events_;
  }

  /// Prints the last events and the command that replays them.
  void print(FILE* out) const;

  /// Makes an abort print the box first, and end with exit code 1.
  void catch_aborts();

  static black_box& instance();

private:
  static constexpr size_t kept = 20;

  std::array<std::array<char, 160>, kept> lines_{};
  uint64_t events_ = 0;
  const char* kind_ = "";
  uint64_t seed_ = 0;
  bool echoes_ = false;
  std::array<uint64_t, 15> judged_{};
};

/// What a seed came to.
struct run_report {
  uint64_t events = 0;
  int64_t virtual_ms = 0;
};

/// Runs a seed over the pure rules.
/// @throws violation
run_report run_core(uint64_t seed);

/// Runs a seed over the real actors.
/// @throws violation
run_report run_actors(uint64_t seed);

} // namespace rota::simulation
