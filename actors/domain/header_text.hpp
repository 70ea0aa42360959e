#pragma once

#include "messages/sink.hpp"

#include <algorithm>
#include <string>
#include <string_view>

// Names of headers, whose case does not count (RFC 9110, 5.1).
namespace rota {

/// Of ASCII only, whatever the locale says.
inline char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline void to_lower(std::string& x) {
  std::transform(x.begin(), x.end(), x.begin(), lower);
}

/// Whether `x` begins like that, but for case.
inline bool begins_like(std::string_view x, std::string_view lower_case) {
  return x.size() >= lower_case.size()
         && std::equal(lower_case.begin(), lower_case.end(), x.begin(),
                       [](char a, char b) { return a == lower(b); });
}

/// Whether two names are the same but for case.
inline bool same_name(std::string_view x, std::string_view lower_case) {
  return x.size() == lower_case.size() && begins_like(x, lower_case);
}

/// The first header of that (lower case) name, or an empty view.
inline std::string_view header_of(const header_list& headers,
                                  std::string_view lower_case) {
  for (const auto& [name, value] : headers)
    if (same_name(name, lower_case))
      return value;
  return {};
}

} // namespace rota
