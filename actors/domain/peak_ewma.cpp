#include "actors/domain/peak_ewma.hpp"

#include <algorithm>
#include <cmath>

namespace rota {

namespace {

/// Source: Finagle's PeakEwma default.
constexpr double tau_ms = 10'000;

} // namespace

void peak_ewma::add(milliseconds sample, timestamp now) {
  const auto seen = std::max<int64_t>(
    std::chrono::duration_cast<std::chrono::microseconds>(sample).count(), 1);
  if (value_ == 0 || seen > value_) {
    value_ = seen;
  } else {
    const auto age = static_cast<double>((now - at_).count());
    // At least one part in ten: many answers within one millisecond count.
    const auto keep = std::min(std::exp(-age / tau_ms), 0.9);
    value_ = std::max<int64_t>(
      1, static_cast<int64_t>(static_cast<double>(value_) * keep
                              + static_cast<double>(seen) * (1 - keep)));
  }
  at_ = now;
}

} // namespace rota
