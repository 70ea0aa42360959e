#pragma once

#include "messages/envelopes.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

namespace rota {

/// Where a test finds the outcomes that reached it, from whatever thread.
class outcome_box {
public:
  void put(call_outcome x) {
    const std::lock_guard guard{mutex_};
    outcomes_.push_back(std::move(x));
    arrived_.notify_all();
  }

  /// Takes the next outcome; waits for it as long as that.
  std::optional<call_outcome> take(std::chrono::milliseconds patience) {
    std::unique_lock guard{mutex_};
    if (!arrived_.wait_for(guard, patience,
                           [this] { return !outcomes_.empty(); }))
      return std::nullopt;
    auto result = std::move(outcomes_.front());
    outcomes_.pop_front();
    return result;
  }

private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<call_outcome> outcomes_;
};

/// Whoever a test names as `reply_to`.
inline outcome_actor::behavior_type
outcome_collector(outcome_actor::pointer, std::shared_ptr<outcome_box> box) {
  return {
    [box](atom::outcome, const call_outcome& x) { box->put(x); },
  };
}

} // namespace rota
