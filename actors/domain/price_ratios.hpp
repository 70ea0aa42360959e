#pragma once

#include "messages/money.hpp"

#include <cstdint>
#include <vector>

namespace rota {

/// What windows said of a price: the ratio of what a provider charged to what
/// the price table says. Pure; integers only.
class price_ratios {
public:
  /// Windows that the median is taken of, and those needed to trust it.
  static constexpr size_t windows_max = 21;
  static constexpr size_t windows_least = 3;
  static constexpr factor least{500'000};
  static constexpr factor most{2'000'000};

  /// The factor is off beyond this distance from 1, for as many windows.
  static constexpr int64_t tolerance_ppm = 20'000;
  static constexpr uint32_t off_windows = 3;

  price_ratios() = default;

  /// @param list What earlier runs learnt, the oldest first.
  /// @param off In how many of the last windows the factor was off.
  price_ratios(std::vector<factor> list, uint32_t off);

  void add(factor ratio);

  /// The median, within its bounds; 1 until enough is known.
  factor value() const {
    return value_;
  }

  bool is_off() const {
    return off_ >= off_windows;
  }

  const std::vector<factor>& list() const {
    return list_;
  }

  /// At most `off_windows`.
  uint32_t off() const {
    return off_;
  }

private:
  void derive();

  std::vector<factor> list_;
  uint32_t off_ = 0;
  factor value_;
};

} // namespace rota
