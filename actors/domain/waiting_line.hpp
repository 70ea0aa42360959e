#pragma once

#include "actors/domain/selection.hpp"
#include "messages/account.hpp"
#include "messages/ec.hpp"
#include "messages/ids.hpp"
#include "messages/job.hpp"

#include <compare>
#include <span>
#include <string>
#include <vector>

namespace rota {

// The rules by which jobs wait for an account. Nobody waits behind one for whom
// less will do: so jobs of one demand stand in one line, and the lines are
// served in turn. Pure.

/// Which line a job waits in. Dear jobs, those that exclude accounts and those
/// that want a certain one stand in lines of their own.
struct line_key {
  bool is_for_batch = false; ///< Requests, and lines of batches, apart.
  bool is_pinned = false;    ///< `keeper`, whatever becomes of it there.
  surface route{};
  std::string model;
  std::vector<std::string> tags;
  account_id keeper; ///< Who has its conversation or response; 0: nobody.
  std::vector<account_id> excluded;
  /// The power of two of its cost in nanodollars: those of one line differ by
  /// less than twice.
  int magnitude = 0;

  friend auto operator<=>(const line_key&, const line_key&) = default;
};

/// @param excluded Who has failed it; not who is merely passed over for now.
line_key line_of(const hold_request& x, account_id keeper,
                 std::span<const account_id> excluded);

/// Whether a job that cannot be served for this reason waits, as far as the
/// reason goes. Accepted lines go on once somebody can serve them again: what a
/// reload took away, another may give back.
bool may_wait(ec why, const job& x);

/// Whether whoever will serve `y` before its deadline will serve `x`, too: then
/// `x` may stand behind it without a look at all accounts.
bool is_no_more_than(const hold_request& x, const hold_request& y);

/// Whether nobody will serve a job before its deadline ("never": it has none).
bool is_hopeless(const no_pick& none, timestamp deadline);

} // namespace rota
