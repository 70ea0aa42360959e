#pragma once

#include "messages/account.hpp"
#include "messages/account_state.hpp"
#include "messages/money_sum.hpp"

#include <vector>

namespace rota {

/// What is to be expected of an account: what it published, less the holds that
/// it was asked for and has not answered. They count as if they were granted,
/// or a burst would ask one account for more than it has before its next word
/// comes. Pure.
class expected_account {
public:
  /// It is asked for a hold.
  void ask(const hold_request& x);

  /// It published itself. @returns False if that is older than what is known.
  bool publish(const account_state& x);

  /// As it published itself; of version 0 if it has not yet.
  const account_state& said() const {
    return said_;
  }

  /// Whether a word of it is awaited.
  bool is_asked() const {
    return !asked_.empty();
  }

  /// Its state once it has granted all that it was asked for.
  account_state expected() const;

private:
  struct request {
    money cost; // At list price.
    int64_t tokens = 0;
  };

  account_state said_;
  std::vector<request> asked_; // Those that `said_` does not contain, in order.
  money_sum cost_;             // Of all these.
  int64_t tokens_ = 0;         // Of all these.
  uint64_t asks_ = 0;          // Ever, as the account counts them.
};

} // namespace rota
