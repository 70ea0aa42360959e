#include "actors/domain/calibration.hpp"

#include <algorithm>

namespace rota {

namespace {

__extension__ using wide = __int128;

/// Beyond this a ratio says only that it is absurd.
constexpr int64_t ratio_most = 1'000'000'000;

/// x / y in millionths, to the nearest; y is positive.
factor ratio_of(money x, money y) {
  const auto n = static_cast<wide>(x.nanos) * 2'000'000 + y.nanos;
  const auto d = static_cast<wide>(y.nanos) * 2;
  const auto floor = n / d - (n % d < 0);
  return {static_cast<int64_t>(
    std::clamp<wide>(floor, -ratio_most, ratio_most))};
}

/// Of an even number the greater of the two in the middle: costs up.
factor median(std::vector<factor> xs) {
  const auto middle
    = xs.begin() + static_cast<std::ptrdiff_t>(xs.size() / 2);
  std::nth_element(xs.begin(), middle, xs.end());
  return *middle;
}

} // namespace

calibration::calibration(milliseconds lag, timestamp began,
                         const account_row& x)
  : lag_{lag},
    began_{began},
    recent_{lag},
    ratios_{x.price_ratios},
    off_{x.price_off_windows} {
  if (ratios_.size() > windows_max)
    ratios_.erase(ratios_.begin(), ratios_.end() - windows_max);
  derive();
}

void calibration::lag(milliseconds x) {
  lag_ = x;
  recent_.reach(x);
}

void calibration::charged(money cost, timestamp now) {
  if (cost <= money{})
    return;
  spent_ += cost;
  recent_.add(cost, now);
}

void calibration::unsure(money amount) {
  unsure_ += std::max(amount, -amount);
}

bool calibration::reading(money figure, timestamp asked_at, money quantum) {
  const auto middle = asked_at - lag_ / 2;
  const mark now{figure, spent_ - recent_.since(middle)};
  recent_.forget_before(middle);
  if (!begin_) {
    if (asked_at - lag_ >= began_)
      begin_ = now;
    unsure_ = {};
    return false;
  }
  const auto booked = now.spent - begin_->spent;
  if (booked <= money{} || booked.nanos / 100 < quantum.nanos)
    return false; // Too little yet.
  const auto clean = unsure_.nanos <= booked.nanos / 100;
  const auto ratio = ratio_of(begin_->figure - figure, booked);
  begin_ = now;
  unsure_ = {};
  if (clean)
    learn(ratio);
  return clean;
}

void calibration::restart() {
  begin_.reset();
}

void calibration::store(account_row& to) const {
  to.price_ratios = ratios_;
  to.price_off_windows = off_;
}

void calibration::learn(factor ratio) {
  if (ratios_.size() == windows_max)
    ratios_.erase(ratios_.begin());
  ratios_.push_back(ratio);
  derive();
  const auto distance = factor_.ppm - factor{}.ppm;
  const auto off = distance > tolerance_ppm || distance < -tolerance_ppm;
  off_ = off ? std::min(off_ + 1, off_windows) : 0;
}

void calibration::derive() {
  factor_ = ratios_.size() < windows_least
              ? factor{}
              : std::clamp(median(ratios_), least, most);
}

} // namespace rota
