#pragma once

#include "messages/time.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace rota {

/// Which wake-up calls are on their way, for an owner who cannot take one back:
/// one that comes too early or too late costs nothing but itself. A new one is
/// only sent if it is wanted before all others, so that there are no more than
/// there were ever earlier wishes ahead of the latest. Pure.
class wake_timer {
public:
  /// To be woken at `next`; "never": not.
  /// @returns After how long a call is to come that has to be sent now; nothing
  /// where one that is on its way comes in time.
  std::optional<milliseconds> arm(timestamp next, timestamp now) {
    fired(now); // Late ones are no help.
    next = next.millis == 0 ? next : std::max(next, now + milliseconds{1});
    if (next.millis == 0 || (!coming_.empty() && coming_.back() <= next))
      return std::nullopt;
    coming_.push_back(next);
    return next - now;
  }

  /// A call has come: whatever was due until now is no longer on its way.
  void fired(timestamp now) {
    while (!coming_.empty() && coming_.back() <= now)
      coming_.pop_back();
  }

private:
  std::vector<timestamp> coming_; // The first to come is the last.
};

} // namespace rota
