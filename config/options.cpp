#include "config/options.hpp"

#include <array>

namespace rota {

std::string to_string(stale_policy x) {
  return x == stale_policy::stop ? "stop" : "haircut";
}

std::string to_string(store_durability x) {
  static constexpr std::array<const char*, 2> names{"power", "process"};
  return names.at(static_cast<size_t>(x));
}

std::string to_string(probe_kind x) {
  static constexpr std::array<const char*, 5> names{
      "none", "newapi_console", "newapi_token", "newapi_billing", "http_json",
  };
  return names.at(static_cast<size_t>(x));
}

} // namespace rota
