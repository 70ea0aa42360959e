#pragma once

#include "messages/time.hpp"

#include <cstdint>

namespace rota {

/// Peak-EWMA of the time to first byte, tau 10 s: a slower sample counts at
/// once, a faster one decays in. Pure. Source: Finagle's PeakEwma load metric.
class peak_ewma {
public:
  void add(milliseconds sample, timestamp now);

  /// In microseconds; 0 while unknown.
  int64_t value() const {
    return value_;
  }

private:
  int64_t value_ = 0;
  timestamp at_;
};

} // namespace rota
