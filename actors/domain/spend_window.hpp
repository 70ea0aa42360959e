#pragma once

#include "messages/money_sum.hpp"
#include "messages/time.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <optional>

namespace rota {

/// What was charged lately, in slots of time. Bounded: when there are too many
/// slots the oldest two become one. Every simplification errs upwards, so the
/// answer is never less than what was charged. Pure.
class spend_window {
public:
  /// @param reach How far back `since` should be exact to a slot.
  /// @param slots How many there are at most; at least two.
  explicit spend_window(milliseconds reach, size_t slots = slots_max)
    : most_{slots} {
    this->reach(reach);
  }

  void reach(milliseconds x) {
    width_ = std::max(milliseconds{1'000}, x / static_cast<int64_t>(most_ / 2));
  }

  void add(money spent, timestamp now) {
    if (slots_.empty() || now - slots_.back().from >= width_)
      slots_.push_back({now, now, {}});
    slots_.back().last = std::max(slots_.back().last, now);
    slots_.back().spent += spent;
    if (slots_.size() > most_) {
      const auto oldest = slots_.front().spent;
      slots_.erase(slots_.begin());
      slots_.front().spent += oldest;
    }
  }

  /// @returns At least what was charged at or after `t`. A slot counts whole.
  money since(timestamp t) const {
    money_sum result;
    for (auto i = slots_.rbegin(); i != slots_.rend() && i->last >= t; ++i)
      result += i->spent;
    return result.nearest();
  }

  /// @returns From when on at least so much was charged, the latest such time
  ///          to a slot; nothing if it never was. `least` is positive.
  std::optional<timestamp> reached(money least) const {
    money_sum sum;
    for (auto i = slots_.rbegin(); i != slots_.rend(); ++i)
      if (sum += i->spent; sum >= least)
        return i->from;
    return std::nullopt;
  }

  /// Drops what `since` will not be asked for any more.
  void forget_before(timestamp t) {
    slots_.erase(slots_.begin(),
                 std::find_if(slots_.begin(), slots_.end(),
                              [t](const slot& x) { return x.last >= t; }));
  }

  size_t size() const {
    return slots_.size();
  }

  static constexpr size_t slots_max = 256;

private:
  struct slot {
    timestamp from;
    timestamp last;
    money_sum spent;
  };

  size_t most_;
  milliseconds width_{1'000};
  // Most accounts are used seldom and need one or two.
  boost::container::small_vector<slot, 2> slots_; // The oldest first.
};

} // namespace rota
