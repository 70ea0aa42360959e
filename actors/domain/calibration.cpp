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

/// Models whose last charges are remembered; with more, no window is known to
/// be of one alone.
constexpr size_t models_max = 64;

} // namespace

calibration::calibration(milliseconds lag, timestamp began,
                         const account_row& x)
  : lag_{lag},
    began_{began},
    recent_{lag},
    ratios_{x.price_ratios, x.price_off_windows} {
  // nop
}

void calibration::lag(milliseconds x) {
  if (x != lag_)
    restart(); // Both ends of a window are moved by the same.
  lag_ = x;
  recent_.reach(x);
}

void calibration::charged(money cost, timestamp now, const std::string& model) {
  if (cost <= money{})
    return;
  if (charged_at_.size() < models_max || charged_at_.contains(model))
    charged_at_[model] = now;
  else
    charged_at_[{}] = now;
  spent_ += cost;
  recent_.add(cost, now);
}

void calibration::unsure(money amount) {
  unsure_ += std::max(amount, -amount);
}

bool calibration::reading(money figure, timestamp asked_at, money quantum) {
  const auto middle = asked_at - lag_ / 2;
  const mark now{figure, spent_ - recent_.since(middle), middle};
  recent_.forget_before(middle);
  if (!begin_) {
    if (asked_at - lag_ >= began_)
      begin_ = now;
    unsure_ = {};
    forget_before(middle);
    return false;
  }
  const auto booked = (now.spent - begin_->spent).nearest();
  if (booked <= money{} || booked.nanos / 100 < quantum.nanos)
    return false; // Too little yet.
  const auto clean = unsure_ <= money{booked.nanos / 100};
  const auto ratio = ratio_of(begin_->figure - figure, booked);
  if (clean)
    learn(ratio, begin_->at);
  begin_ = now;
  unsure_ = {};
  forget_before(middle);
  return clean;
}

void calibration::restart() {
  begin_.reset();
}

void calibration::store(account_row& to) const {
  to.price_ratios = ratios_.list();
  to.price_off_windows = ratios_.off();
}

void calibration::learn(factor ratio, timestamp begin) {
  ratios_.add(ratio);
  // Whatever was charged since counts, so that no model is blamed for another.
  const std::string* only = nullptr;
  for (const auto& [model, last] : charged_at_) {
    if (last < begin)
      continue;
    if (only != nullptr)
      return;
    only = &model;
  }
  if (only != nullptr && !only->empty())
    by_model_[*only].add(ratio);
}

void calibration::forget_before(timestamp t) {
  charged_at_.erase(std::remove_if(charged_at_.begin(), charged_at_.end(),
                                   [t](const auto& x) { return x.second < t; }),
                    charged_at_.end());
}

std::vector<model_factor> calibration::models_off() const {
  std::vector<model_factor> result;
  for (const auto& [model, x] : by_model_)
    if (x.is_off())
      result.push_back({model, x.value()});
  return result;
}

} // namespace rota
