#pragma once

#include "messages/ids.hpp"
#include "messages/money.hpp"
#include "messages/time.hpp"

namespace rota {

/// What could be seen of a call whose answer broke off.
struct seen_charge {
  /// What it came to until then: assumed, if nobody ever says more.
  money presumed;
  /// What it may come to at most; at least `presumed`.
  money at_most;
};

/// Money kept back for one attempt.
struct open_hold {
  hold_id id;
  money amount;
  timestamp made_at;
  timestamp expires_at;
  bool in_doubt = false;
  /// In doubt, but hardly charged: released at its end instead of assumed.
  bool unlikely = false;
  /// In doubt, and less than `amount` was seen of it: assumed at its end. 0:
  /// all of it is.
  money presumed = {};

  /// What is assumed to have been charged where nobody ever says.
  money assumed() const {
    return presumed > money{} ? presumed : amount;
  }
};

} // namespace rota
