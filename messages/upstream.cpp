#include "messages/upstream.hpp"

#include <array>

namespace rota {

std::string to_string(transport x) {
  static constexpr std::array<const char*, 6> names{
    "ok", "not_sent", "broken", "timed_out", "too_large", "cancelled",
  };
  return names.at(static_cast<size_t>(x));
}

} // namespace rota
