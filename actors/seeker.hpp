#pragma once

#include "messages/envelopes.hpp"

#include <caf/typed_response_promise.hpp>

#include <vector>

namespace rota {

/// A job that looks for an account: what the DISPATCHER knows of it.
struct seeker {
  acquire_ptr want;
  caf::typed_response_promise<lease> answer;
  /// Accounts not to be asked (again).
  std::vector<account_id> excluded;
  timestamp since;
  bool refused = false;  ///< Counted as refused already.
  bool recalled = false; ///< Nobody wants it any more.
  size_t asking_at = 0;  ///< Its place among those for whom one is asked.
  pick_record_ptr why = nullptr; ///< Where that is to be told.

  const hold_request& request() const {
    return want->want;
  }

  const job& work() const {
    return *want->want.work;
  }
};

} // namespace rota
