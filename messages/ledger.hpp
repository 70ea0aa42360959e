#pragma once

#include "messages/ids.hpp"
#include "messages/money.hpp"
#include "messages/open_hold.hpp"
#include "messages/time.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace rota {

/// What an entry of the books says. Numbers are stored: never reuse one.
enum class entry_kind : uint8_t {
  open = 1,    ///< The account begins with this amount.
  topup = 2,   ///< A reading showed new money.
  hold = 3,    ///< An estimate is kept back.
  settle = 4,  ///< A hold ends in a charge, up to its amount.
  release = 5, ///< A hold ends without a charge.
  expire = 6,  ///< A hold ends because nobody ended it.
  doubt = 7,   ///< Nobody knows whether this was charged; stays held.
  assume = 8,  ///< A doubt ends as if it had been charged.
  late = 9,    ///< A charge after its hold had ended.
  overrun = 10, ///< What a charge came to above its hold.
  correct = 11, ///< An assumption turned out wrong.
  adjust = 12, ///< A reading contradicts the books, or an operator does.
  reading = 13, ///< A reading came; `amount` is its figure, `at` when it was
                ///< asked for. Moves no money.
  suspect = 14, ///< A doubt about a charge that is unlikely; ends in release.
};

/// Stands for all entries of an account up to one of them: a change, a gap or
/// another order anywhere before it gives another digest.
using chain_digest = std::array<uint8_t, 16>;

/// One line of an account's books; immutable. Whatever the books say is a sum
/// over these.
struct ledger_entry {
  account_id account;
  /// Contiguous from 1 in each account.
  uint64_t seq = 0;
  entry_kind kind = entry_kind::open;
  /// By what the balance changes (charges are negative); never negative for
  /// hold, release, expire: by what `held` changes; for doubt, suspect: what
  /// stays held; for reading: the provider's figure.
  money amount;
  hold_id hold;
  timestamp at;
  /// hold, doubt and suspect: when it ends by itself.
  timestamp until;
  /// reading: what had been spent within the lag window when it was asked for.
  money in_window;
  /// The books after this entry; let a reader check itself.
  money balance_after;
  money held_after;
  /// reading: the number of the first entry after the question; 0 where that
  /// was not kept yet.
  uint64_t cut = 0;
  /// doubt: what it is assumed to have cost at its end, where that is less
  /// than the hold; 0: all of it.
  money presumed = {};
  /// Of this account's entries up to this one; the store computes it.
  chain_digest chain{};
};

/// When a provider was asked what is left: an account's entries from `seq` on
/// came after the question.
struct reading_cut {
  uint64_t seq = 0;
  timestamp at;
};

/// A hold that has ended, and what it came to.
struct past_hold {
  hold_id id;
  entry_kind how = entry_kind::settle;
  money charged;
  timestamp at;
};

/// An account's books at one moment: the fold of its entries.
struct account_head {
  account_id account;
  std::string name;
  uint64_t seq = 0;
  /// reading - posted: what the books say is left, holds not counted.
  money balance;
  money held;
  /// The provider's last figure and when it was asked for; "never" where
  /// there is none yet.
  money reading;
  timestamp read_at;
  /// The cut of that figure: an answer to an older question is none.
  uint64_t read_cut = 0;
  /// Charged since the start of the lag window of the last reading.
  money spent_since_reading;
  /// Whether anything ever said what is on this account.
  bool funded = false;
  uint64_t calls = 0;
  money spent;
  timestamp last_used;
  uint64_t overruns = 0;
  uint64_t lates = 0;
  std::vector<open_hold> holds;
  /// Of the last entry; all zero where there is none.
  chain_digest chain{};
};

std::string to_string(entry_kind x);

} // namespace rota
