#pragma once

#include <cstdint>

namespace rota {

/// What a number is multiplied with to be USD.
struct usd_ratio {
  int64_t numerator = 1;
  int64_t denominator = 1;
};

} // namespace rota
