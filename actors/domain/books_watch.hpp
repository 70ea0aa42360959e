#pragma once

#include "actors/domain/calibration.hpp"
#include "actors/domain/window_sum.hpp"
#include "messages/account_row.hpp"

#include <span>

namespace rota {

/// Reads an account's entries on their way to the journal, and draws from them
/// what people and later estimates should know: charges that surprised, money
/// that went without a word, and the price factor. Pure.
class books_watch {
public:
  /// @param began When this run did.
  /// @param x What earlier runs learnt.
  books_watch(milliseconds posting_lag, money quantum, timestamp began,
              const account_row& x);

  void rules(milliseconds posting_lag, money quantum);

  /// What the next attempts to be booked were for; empty: nobody knows.
  /// @param guessed Their price may be another model's: what they were booked
  ///                at says nothing about what the provider charges.
  void of_model(const std::string& x, bool guessed = false) {
    model_ = x;
    guessed_ = guessed;
  }

  /// @param entries What one message led to: a reading and what it corrected
  ///                stand side by side, an operator's correction stands alone.
  void see(std::span<const ledger_entry> entries, timestamp now);

  const calibration& prices() const {
    return prices_;
  }

  /// Rises with each change of what `prices().store` stores.
  uint64_t revision() const {
    return revision_;
  }

  /// Fills in what happened within the hour before `now`, and the factor.
  void describe(account_view& to, timestamp now) const;

private:
  void see(const ledger_entry& x, timestamp now);
  void charged(money cost, timestamp now);

  money quantum_;
  std::string model_;
  bool guessed_ = false;
  calibration prices_;
  window_sum overruns_;
  window_sum lates_;
  window_sum unexplained_;
  uint64_t revision_ = 0;
};

} // namespace rota
