#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace rota {

/// A short text that is collected over chunks. Longer ones match nothing.
struct short_word {
  std::array<char, 40> bytes;
  size_t size = 0;

  void add(std::string_view x) {
    const auto room = bytes.size() - std::min(size, bytes.size());
    std::memcpy(bytes.data() + (bytes.size() - room), x.data(),
                std::min(room, x.size()));
    size += x.size();
  }

  std::string_view view() const {
    return size <= bytes.size() ? std::string_view{bytes.data(), size}
                                : std::string_view{};
  }
};

} // namespace rota
