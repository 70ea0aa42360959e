#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace rota {

/// A file's bytes.
inline std::string read_text(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in)
    throw std::runtime_error{"cannot read " + path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The lines of a text without their ends. What follows the last line end
/// counts as a line unless it is empty.
inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  for (size_t from = 0; from < text.size();) {
    const auto end = std::min(text.find('\n', from), text.size());
    result.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return result;
}

} // namespace rota
