#include "messages/printable.hpp"

#include <algorithm>

namespace rota {

std::string printable(std::string_view text) {
  std::string result{text};
  for (size_t i = 0; i < result.size(); ++i) {
    const auto c = static_cast<unsigned char>(result[i]);
    // C0 and DEL; the C1 controls are 0xc2 0x80 to 0xc2 0x9f in UTF-8.
    if (c < 0x20 || c == 0x7f)
      result[i] = ' ';
    else if (c == 0xc2 && i + 1 < result.size()
             && static_cast<unsigned char>(result[i + 1]) < 0xa0)
      result[i] = result[i + 1] = ' ';
  }
  return result;
}

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c < 0x7f; });
}

} // namespace rota
