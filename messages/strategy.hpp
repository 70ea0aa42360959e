#pragma once

#include <cstdint>
#include <string>

namespace rota {

/// Who serves next among the accounts that may; ranking has the details.
/// Numbers are stored: never reuse one.
enum class strategy : uint8_t {
  most_balance = 0,
  least_used,
  least_recently_used,
  round_robin,
  fastest,
  proportional,
};

/// @returns "most_balance".
std::string to_string(strategy x);

} // namespace rota
