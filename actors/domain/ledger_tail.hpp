#pragma once

#include "messages/ledger.hpp"

#include <map>
#include <span>
#include <vector>

namespace rota {

/// How holds of each account ended, in the order of their ends.
using endings = std::map<account_id, std::vector<past_hold>>;

/// Reads from the end of a ledger what its accounts must remember after a
/// restart: how holds ended, and what was charged. Of a hold that ended before
/// the tail begins a later charge is known at most; it counts as settled.
/// @param tail Entries of any accounts; those of one in their order.
endings endings_of(std::span<const ledger_entry> tail);

} // namespace rota
