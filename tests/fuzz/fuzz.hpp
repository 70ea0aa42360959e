#pragma once

#include "messages/job.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// What all fuzzers share. Each is one function that libFuzzer calls with bytes
// it has made up, and tests/fuzz/replay.cpp with those of files.

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace rota::fuzz {

/// Ends the program where something that must hold does not.
inline void require(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "It does not hold that %s.\n", what);
  std::abort();
}

inline std::string_view text_of(const uint8_t* data, size_t size) {
  // An empty input may have no address, which no text in rota lacks.
  return {size > 0 ? reinterpret_cast<const char*>(data) : "", size};
}

/// Hands an input over in pieces, whose sizes its own bytes decide, in units.
template <class F>
void in_pieces(std::string_view x, F f, size_t unit = 1) {
  uint32_t state = static_cast<uint32_t>(x.size());
  while (!x.empty()) {
    state = state * 31 + static_cast<uint8_t>(x.front());
    const auto size = std::min<size_t>(x.size(), (1 + state % 61) * unit);
    f(x.substr(0, size));
    x.remove_prefix(size);
  }
}

template <class F>
void for_each_surface(F f) {
  for (size_t i = 0; i < surface_count; ++i)
    f(static_cast<surface>(i));
}

} // namespace rota::fuzz
