#include "messages/strategy.hpp"

#include <array>

namespace rota {

std::string to_string(strategy x) {
  static constexpr std::array<const char*, 6> names{
    "most_balance", "least_used", "least_recently_used",
    "round_robin",  "fastest",    "proportional",
  };
  return names.at(static_cast<size_t>(x));
}

} // namespace rota
