#include "messages/price_basis.hpp"

namespace rota {

std::string to_string(price_basis x) {
  switch (x) {
    case price_basis::none:
      return "none";
    case price_basis::known:
      return "known";
    case price_basis::by_prefix:
      return "by_prefix";
    case price_basis::unknown:
      return "unknown";
  }
  return "?";
}

} // namespace rota
