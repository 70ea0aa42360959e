#pragma once

#include <string>

namespace rota {

/// Makes ASCII letters lower case, whatever the locale says.
inline void to_lower(std::string& x) {
  for (auto& c : x)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
}

} // namespace rota
