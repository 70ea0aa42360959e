#include "actors/domain/ledger_fold.hpp"

#include "actors/domain/ledger.hpp"
#include "messages/money_sum.hpp"

#include <algorithm>

namespace rota {

namespace {

bool end_hold(account_head& head, hold_id id) {
  const auto i = std::find_if(head.holds.begin(), head.holds.end(),
                              [id](const open_hold& x) { return x.id == id; });
  if (i == head.holds.end())
    return false;
  head.held -= i->amount;
  *i = head.holds.back();
  head.holds.pop_back();
  return true;
}

void spend(account_head& head, const ledger_entry& x) {
  count_charge(head, -x.amount, x.at);
}

} // namespace

void count_charge(account_head& head, money amount, timestamp at) {
  head.spent = saturated_sum(head.spent, amount);
  // Whether the last reading held a charge that was none is not known: what
  // comes back raises the books, but not what the reading leaves.
  if (amount > money{})
    head.spent_since_reading
      = std::min(saturated_sum(head.spent_since_reading, amount),
                 ledger::most);
  head.last_used = at;
}

bool fold(account_head& head, const ledger_entry& x) {
  if (x.seq != head.seq + 1 || x.account != head.account)
    return false;
  head.seq = x.seq;
  head.chain = x.chain;
  auto good = true;
  switch (x.kind) {
    case entry_kind::open:
      head.funded = true;
      head.reading += x.amount;
      head.balance += x.amount;
      break;
    case entry_kind::adjust:
      // A reading that caused it follows and sets the figure anew.
      head.reading += x.amount;
      [[fallthrough]];
    case entry_kind::topup:
      head.balance += x.amount;
      if (x.kind == entry_kind::topup && head.read_at.millis == 0)
        head.reading += x.amount;
      break;
    case entry_kind::hold:
      head.held += x.amount;
      head.holds.push_back({x.hold, x.amount, x.at, x.until, false});
      head.last_used = x.at;
      ++head.calls;
      break;
    case entry_kind::settle:
      good = end_hold(head, x.hold);
      head.balance += x.amount;
      spend(head, x);
      break;
    case entry_kind::assume:
      good = end_hold(head, x.hold);
      head.balance += x.amount;
      spend(head, x);
      break;
    case entry_kind::release:
    case entry_kind::expire:
      good = end_hold(head, x.hold);
      break;
    case entry_kind::doubt:
    case entry_kind::suspect:
      good = false;
      for (auto& hold : head.holds)
        if (hold.id == x.hold) {
          hold.in_doubt = true;
          hold.unlikely = x.kind == entry_kind::suspect;
          hold.presumed = x.presumed;
          head.held -= hold.amount - x.amount;
          hold.amount = x.amount;
          hold.expires_at = x.until;
          good = true;
        }
      break;
    case entry_kind::overrun:
      head.balance += x.amount;
      spend(head, x);
      ++head.overruns;
      break;
    case entry_kind::late:
      head.balance += x.amount;
      spend(head, x);
      ++head.lates;
      break;
    case entry_kind::correct:
      head.balance += x.amount;
      spend(head, x);
      break;
    case entry_kind::reading:
      head.reading = x.amount;
      head.read_at = x.at;
      head.read_cut = x.cut;
      head.spent_since_reading = x.in_window;
      break;
  }
  return good && head.balance == x.balance_after && head.held == x.held_after;
}

} // namespace rota
