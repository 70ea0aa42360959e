#pragma once

#include <compare>
#include <cstdint>

namespace rota {

/// The how-manieth attempt of its account in this run, from 1. Zero: older than
/// any.
struct attempt_serial {
  uint64_t value = 0;

  friend constexpr auto operator<=>(const attempt_serial&,
                                    const attempt_serial&) = default;
};

} // namespace rota
