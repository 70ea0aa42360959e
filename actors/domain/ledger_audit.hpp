#pragma once

#include "actors/domain/ended_holds.hpp"
#include "messages/ledger.hpp"
#include "messages/money_sum.hpp"

#include <optional>
#include <string>

namespace rota {

/// What the entries of one account add up to.
struct ledger_sums {
  uint64_t entries = 0;
  /// Money that came in: opening and top-ups.
  money_sum paid_in;
  /// By what readings and operators moved the books otherwise.
  money_sum adjusted;
  /// Charges of all kinds, assumptions and their corrections included.
  money_sum charged;
};

/// Checks the entries of one account, from the first to the last, against the
/// rules of the books. Knows nothing of how a ledger comes to write them:
///
///   - the sequence is contiguous from 1, and the figures that an entry carries
///     are those of the entries before it, moved by its own amount;
///   - the books begin once, before anything else;
///   - a hold's identity is used once, and no hold takes more than is left;
///   - each hold ends at most once: settled or assumed in part or whole, the
///     rest released with it; or released; or expired;
///   - an overrun follows the settlement that took its whole hold; a late
///     charge follows a release or an expiry, a correction an assumption.
///
/// A hold's end is remembered for at least 4,096 others or a day, whichever is
/// sooner; what refers to an earlier one is a fault. Pure.
class ledger_audit {
public:
  explicit ledger_audit(account_id account);

  /// Takes the next entry.
  /// @returns What is wrong with it, as the end of a sentence that begins with
  /// its name; empty if nothing is. Behind a fault only sequence and sums are
  /// checked any more, for its consequences are not known.
  std::string next(const ledger_entry& x);

  /// Compares the books as they were stored with those that follow from the
  /// entries.
  /// @returns What differs, as the end of a sentence; empty if nothing does.
  std::string compare(const account_head& stored) const;

  /// The books that follow from the entries so far.
  const account_head& head() const {
    return head_;
  }

  const ledger_sums& sums() const {
    return sums_;
  }

  /// Entries that were taken, but not checked against all rules.
  uint64_t unchecked() const {
    return unchecked_;
  }

private:
  std::string number(const ledger_entry& x);
  std::string figures(const ledger_entry& x) const;
  std::string rules(const ledger_entry& x);
  std::string rules_of_ending(const ledger_entry& x, const open_hold& hold);
  std::string rules_of_sequel(const ledger_entry& x);
  bool settles_whole(const ledger_entry& x) const;
  void add_up(const ledger_entry& x);
  void derail(const ledger_entry& x);
  money available() const;

  account_head head_;
  ledger_sums sums_;
  ended_holds ended_;
  /// The hold that the entry before has settled whole: it may overrun.
  std::optional<hold_id> spent_up_;
  bool derailed_ = false;
  uint64_t unchecked_ = 0;
};

} // namespace rota
