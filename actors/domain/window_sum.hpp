#pragma once

#include "messages/money_sum.hpp"
#include "messages/time.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cstdint>

namespace rota {

/// Calls and spend over a sliding window, counted in sixtieths of it. Pure.
class window_sum {
public:
  explicit window_sum(milliseconds window) {
    reach(window);
  }

  /// Changes the window. What the one before has forgotten stays so.
  void reach(milliseconds window) {
    slot_ = std::max(window / 60, milliseconds{1});
  }

  void add(uint64_t calls, money spent, timestamp now) {
    expire(now);
    if (slots_.empty() || now - slots_.back().from >= slot_)
      slots_.push_back({now, 0, {}});
    slots_.back().calls += calls;
    slots_.back().spent += spent;
    calls_ += calls;
    spent_ += spent;
  }

  /// Forgets what lies before the window.
  void expire(timestamp now) {
    auto i = slots_.begin();
    for (; i != slots_.end() && now - i->from >= slot_ * 60; ++i) {
      calls_ -= i->calls;
      spent_ -= i->spent;
    }
    slots_.erase(slots_.begin(), i);
  }

  uint64_t calls() const {
    return calls_;
  }

  money spent() const {
    return spent_.nearest();
  }

private:
  struct slot {
    timestamp from;
    uint64_t calls = 0;
    money_sum spent;
  };

  milliseconds slot_{1};
  // Most accounts are used seldom and need one or two.
  boost::container::small_vector<slot, 2> slots_; // The oldest first.
  uint64_t calls_ = 0;
  money_sum spent_;
};

} // namespace rota
