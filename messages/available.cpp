#include "messages/available.hpp"

#include <algorithm>

namespace rota {

money available_of(const account_head& x) {
  auto left = x.balance;
  if (x.read_at.millis != 0)
    left = std::min(left, x.reading - x.spent_since_reading);
  return left - x.held;
}

} // namespace rota
