#pragma once

#include "tests/support/text_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace rota {

/// Damages one file of a state directory as a disk, a cable or a person would:
/// the seed says which and how.
/// @returns What was done: "store/000012.sst: bit 3 of byte 812 flipped".
inline std::string damage(const std::string& dir, uint64_t seed) {
  namespace fs = std::filesystem;
  std::mt19937_64 random{seed};
  const auto below = [&random](uint64_t n) { return n > 0 ? random() % n : 0; };
  // Every kind of file gets its share, however many there are of it.
  std::map<std::string, std::vector<std::string>> kinds;
  for (const auto& x : fs::recursive_directory_iterator{dir}) {
    const auto name = x.path().filename().string();
    if (!x.is_regular_file() || name == "LOCK" || name.starts_with("LOG"))
      continue;
    const auto ending = x.path().extension().string();
    kinds[ending.empty() ? name.substr(0, name.find('-')) : ending].push_back(
      x.path().string());
  }
  auto kind = kinds.begin();
  std::advance(kind, static_cast<ptrdiff_t>(below(kinds.size())));
  std::sort(kind->second.begin(), kind->second.end());
  const auto path = kind->second[below(kind->second.size())];
  const auto before = read_text(path);
  const auto said
    = [&](const std::string& how) {
        return fs::relative(path, dir).string() + ": " + how;
      };
  auto text = before;
  std::string how;
  while (text == before) { // Nothing may have changed by chance.
    const auto at = below(before.size());
    switch (below(before.empty() ? 1 : 5)) {
      case 0:
        fs::remove(path);
        return said("deleted");
      case 1: {
        const auto bit = below(8);
        text[at] = static_cast<char>(text[at] ^ (1 << bit));
        how = "bit " + std::to_string(bit) + " of byte " + std::to_string(at)
              + " flipped";
        break;
      }
      case 2: {
        const auto from = at / 512 * 512;
        const auto size = std::min<size_t>(512 << below(4), text.size() - from);
        std::fill_n(text.begin() + static_cast<ptrdiff_t>(from), size, '\0');
        how = std::to_string(size) + " bytes from " + std::to_string(from)
              + " zeroed";
        break;
      }
      case 3:
        text.resize(at);
        how = "cut to " + std::to_string(at) + " bytes";
        break;
      default: { // A write that went to another place.
        const auto from = below(before.size()) / 512 * 512;
        const auto to = at / 512 * 512;
        text.replace(to, std::min<size_t>(512, text.size() - to),
                     before.substr(from, std::min<size_t>(512, text.size() - to)));
        how = "bytes from " + std::to_string(from) + " written to "
              + std::to_string(to);
      }
    }
  }
  std::ofstream{path, std::ios::binary | std::ios::trunc} << text;
  return said(how);
}

} // namespace rota
