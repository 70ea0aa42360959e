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

/// Whether the clock stood later when an entry before this one was booked.
bool is_set_back(const client_head& head, const ledger_entry& x);

/// Applies one entry of any account to the head of the client whose job it
/// names. What a client cost is the fold of these entries over an empty head,
/// in the order in which they were written. A charge counts in the day it was
/// booked in, and so does what comes back; an entry that is late at a change of
/// days, by a minute at most, counts in the new one.
///
/// A head knows one day and one month. Where the clock was set back, those that
/// the entry is in by the clock begin anew, whichever of both clocks was wrong:
/// what was spent by the other stays in `spent`, but no cap counts it any more.
void fold(client_head& head, const ledger_entry& x);

} // namespace rota
