#pragma once

#include "messages/ledger.hpp"

namespace rota {

/// Applies one entry to a head. The books of an account are the fold of its
/// entries over an empty head, so whoever stores heads can check them. The
/// digest of the chain is taken over, not checked: who stores the entries
/// computes it.
/// @returns False, with `head` in an undefined state, if the entry does not
/// continue these books: its sequence has a gap, or its figures disagree.
[[nodiscard]] bool fold(account_head& head, const ledger_entry& x);

/// Counts a charge, or what comes back of one, in what was spent. Such totals
/// are compared and shown, but nothing balances against them: over a whole life
/// they may pass any amount, and stop there.
void count_charge(account_head& head, money amount, timestamp at);

} // namespace rota
