#pragma once

#include <cstdint>

namespace rota::simulation {

/// Draws that a seed determines on every machine, which the standard library's
/// distributions do not promise. Source: splitmix64, by Sebastiano Vigna.
class dice {
public:
  explicit dice(uint64_t seed) : state_{seed * 0x9e3779b97f4a7c15u + 1} {
    // nop
  }

  uint64_t next() {
    auto z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  /// @returns One of 0..n-1; 0 where n is 0. The bias is below 2^-40.
  int64_t below(int64_t n) {
    return n > 0 ? static_cast<int64_t>(next() % static_cast<uint64_t>(n)) : 0;
  }

  /// @returns One of from..to, both included.
  int64_t between(int64_t from, int64_t to) {
    return from + below(to - from + 1);
  }

  bool permille(int64_t n) {
    return below(1'000) < n;
  }

  /// @returns A draw from [0, 1).
  double unit() {
    return static_cast<double>(next() >> 11) * 0x1p-53;
  }

private:
  uint64_t state_;
};

} // namespace rota::simulation
