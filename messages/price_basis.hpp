#pragma once

#include <cstdint>
#include <string>

namespace rota {

/// How well the price of a request's model was known. Numbers are stored:
/// never reuse one.
enum class price_basis : uint8_t {
  none = 0,      ///< Nothing was to be paid, or nobody noted it.
  known = 1,     ///< By its name or another of its names.
  by_prefix = 2, ///< By the beginning of its name: perhaps another model's.
  unknown = 3,   ///< The highest of all prices was taken.
};

/// @returns "by_prefix".
std::string to_string(price_basis x);

} // namespace rota
