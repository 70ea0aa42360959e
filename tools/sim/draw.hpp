#pragma once

#include <cstdint>

namespace rota::sim {

/// Scrambles 64 bits (the finalizer of SplitMix64).
constexpr uint64_t scramble(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// @returns Bits that depend on all three, for what is drawn: the same seed,
/// subject and purpose always draw the same.
constexpr uint64_t draw(uint64_t seed, uint64_t subject, uint64_t purpose) {
  return scramble(scramble(scramble(seed) ^ subject) ^ purpose);
}

/// @returns A fraction in [0, 1).
constexpr double fraction(uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

/// @returns A whole number in [min, max]. The slight bias is of no concern.
constexpr int64_t between(uint64_t bits, int64_t min, int64_t max) {
  const auto n = static_cast<uint64_t>(max - min) + 1;
  return n == 0 ? min : min + static_cast<int64_t>(bits % n);
}

} // namespace rota::sim
