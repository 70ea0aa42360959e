#pragma once

// One door to Catch2, v2 (Debian 12) and v3 (Debian 13) alike.

#include <string>

#if __has_include(<catch2/catch_all.hpp>)
#  include <catch2/catch_all.hpp>
namespace rota {
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
}
#else
#  include <catch2/catch.hpp>
namespace rota {
using Catch::Matchers::StartsWith;
inline auto ContainsSubstring(const std::string& x) {
  return Catch::Matchers::Contains(x);
}
}
#endif
