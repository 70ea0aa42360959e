#include "actors/domain/price_ratios.hpp"

#include <algorithm>

namespace rota {

namespace {

/// Of an even number the greater of the two in the middle: costs up.
factor median(std::vector<factor> xs) {
  const auto middle
    = xs.begin() + static_cast<std::ptrdiff_t>(xs.size() / 2);
  std::nth_element(xs.begin(), middle, xs.end());
  return *middle;
}

} // namespace

price_ratios::price_ratios(std::vector<factor> list, uint32_t off)
  : list_{std::move(list)}, off_{off} {
  if (list_.size() > windows_max)
    list_.erase(list_.begin(), list_.end() - windows_max);
  derive();
}

void price_ratios::add(factor ratio) {
  if (list_.size() == windows_max)
    list_.erase(list_.begin());
  list_.push_back(ratio);
  derive();
  const auto distance = value_.ppm - factor{}.ppm;
  const auto off = distance > tolerance_ppm || distance < -tolerance_ppm;
  off_ = off ? std::min(off_ + 1, off_windows) : 0;
}

void price_ratios::derive() {
  value_ = list_.size() < windows_least
             ? factor{}
             : std::clamp(median(list_), least, most);
}

} // namespace rota
