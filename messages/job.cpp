#include "messages/job.hpp"

namespace rota {

std::string to_string(delivery x) {
  return x == delivery::at_most_once ? "at_most_once" : "at_least_once";
}

std::optional<delivery> parse_delivery(std::string_view text) {
  for (const auto x : {delivery::at_least_once, delivery::at_most_once})
    if (text == to_string(x))
      return x;
  return std::nullopt;
}

} // namespace rota
