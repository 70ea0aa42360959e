#pragma once

#include "messages/client.hpp"
#include "messages/ledger.hpp"

namespace rota {

/// @returns The day that a time is in: days of UTC since the Unix epoch.
int64_t day_of(timestamp x);

/// @returns The month: months of UTC since the year 0.
int64_t month_of(timestamp x);

/// When the day after that of `x` begins.
timestamp next_day(timestamp x);

/// Applies one entry of any account to the head of the client whose job it
/// names. What a client cost is the fold of these entries over an empty head,
/// in the order in which they were written. A charge counts in the day it was
/// booked in, and so does what comes back; an entry that is late at a change of
/// days counts in the new one.
void fold(client_head& head, const ledger_entry& x);

} // namespace rota
