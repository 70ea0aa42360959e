#include "actors/domain/ledger_audit.hpp"

#include "actors/domain/ledger_fold.hpp"

#include <algorithm>
#include <vector>

namespace rota {

namespace {

// More than any ledger remembers: what it books late, this can judge.
constexpr size_t memory_max = 4'096;
constexpr milliseconds memory_reach{86'400'000};

const open_hold* find(const account_head& head, const hold_id& id) {
  const auto i = std::find_if(head.holds.begin(), head.holds.end(),
                              [&id](const auto& x) { return x.id == id; });
  return i != head.holds.end() ? &*i : nullptr;
}

/// By what an entry moves the balance and what is held; `kept` is the amount
/// of its hold, where it has one.
struct movement {
  money balance;
  money held;
};

movement movement_of(const ledger_entry& x, money kept) {
  switch (x.kind) {
    case entry_kind::hold:
      return {{}, x.amount};
    case entry_kind::release:
    case entry_kind::expire:
      return {{}, -kept};
    case entry_kind::settle:
    case entry_kind::assume:
      return {x.amount, -kept};
    case entry_kind::doubt:
    case entry_kind::suspect:
      return {{}, x.amount - kept};
    case entry_kind::reading:
      return {};
    default:
      return {x.amount, {}};
  }
}

bool doubts(entry_kind x) {
  return x == entry_kind::doubt || x == entry_kind::suspect;
}

std::string differs(const char* what, money found, money_sum expected) {
  return std::string{"says that "} + to_string(found) + " USD " + what
         + ", but the entries before it come to "
         + to_string(expected.nearest());
}

/// One figure of the books, as it was stored and as the entries leave it.
struct figure {
  const char* name;
  std::string stored;
  std::string expected;
};

std::string off(const figure& x) {
  return std::string{"say that "} + x.name + " is " + x.stored
         + ", but the entries come to " + x.expected;
}

bool same(const open_hold& x, const open_hold& y) {
  return x.id == y.id && x.amount == y.amount && x.made_at == y.made_at
         && x.expires_at == y.expires_at && x.in_doubt == y.in_doubt
         && x.unlikely == y.unlikely && x.presumed == y.presumed;
}

} // namespace

ledger_audit::ledger_audit(account_id account)
  : ended_{memory_max, memory_reach} {
  head_.account = account;
}

std::string ledger_audit::next(const ledger_entry& x) {
  auto fault = number(x);
  const auto whole = settles_whole(x);
  if (derailed_)
    ++unchecked_;
  else if (fault.empty())
    fault = rules(x);
  if (!derailed_ && fault.empty())
    fault = figures(x);
  if (!derailed_ && fault.empty() && !fold(head_, x))
    fault = "does not continue the books";
  spent_up_ = whole ? std::optional{x.hold} : std::nullopt;
  if (derailed_ || !fault.empty())
    derail(x);
  add_up(x);
  return fault;
}

std::string ledger_audit::compare(const account_head& stored) const {
  if (stored.seq > head_.seq)
    return "end with entry " + std::to_string(stored.seq) + ", but of the"
           " entries the last " + std::to_string(stored.seq - head_.seq)
           + " are missing";
  if (stored.seq < head_.seq)
    return "end with entry " + std::to_string(stored.seq) + ", but "
           + std::to_string(head_.seq - stored.seq) + " more follow";
  if (stored.chain != head_.chain)
    return "have another digest than the last entry";
  const auto number = [](auto x) { return std::to_string(x); };
  std::vector<figure> figures{
    {"the balance", to_string(stored.balance), to_string(head_.balance)},
    {"what is held", to_string(stored.held), to_string(head_.held)},
  };
  if (!derailed_) {
    const std::vector<figure> more{
      {"the number of open holds", number(stored.holds.size()),
       number(head_.holds.size())},
      {"the reading", to_string(stored.reading), to_string(head_.reading)},
      {"the time of the reading", number(stored.read_at.millis),
       number(head_.read_at.millis)},
      {"the cut of the reading", number(stored.read_cut),
       number(head_.read_cut)},
      {"what was spent since the reading",
       to_string(stored.spent_since_reading),
       to_string(head_.spent_since_reading)},
      {"what was spent", to_string(stored.spent), to_string(head_.spent)},
      {"whether they have begun", number(stored.funded), number(head_.funded)},
      {"the number of calls", number(stored.calls), number(head_.calls)},
      {"the number of overruns", number(stored.overruns),
       number(head_.overruns)},
      {"the number of late charges", number(stored.lates),
       number(head_.lates)},
      {"the last use", number(stored.last_used.millis),
       number(head_.last_used.millis)},
    };
    figures.insert(figures.end(), more.begin(), more.end());
  }
  for (const auto& x : figures)
    if (x.stored != x.expected)
      return off(x);
  if (!derailed_)
    for (const auto& x : head_.holds)
      if (const auto* y = find(stored, x.id); y == nullptr || !same(x, *y))
        return "do not have the hold of " + to_string(x.id)
               + " as the entries leave it";
  return {};
}

// -- helpers ------------------------------------------------------------------

std::string ledger_audit::number(const ledger_entry& x) {
  const auto expected = head_.seq + 1;
  if (x.account != head_.account)
    return "belongs to account " + std::to_string(x.account.value);
  if (x.seq > expected) {
    const auto last = x.seq - 1;
    return last == expected
             ? "follows a gap: entry " + std::to_string(expected)
                 + " is missing"
             : "follows a gap: the entries " + std::to_string(expected) + " to "
                 + std::to_string(last) + " are missing";
  }
  if (x.seq < expected)
    return "stands behind entry " + std::to_string(head_.seq);
  return {};
}

std::string ledger_audit::figures(const ledger_entry& x) const {
  const auto* hold = find(head_, x.hold);
  const auto moved = movement_of(x, hold != nullptr ? hold->amount : money{});
  if (const auto left = money_sum{head_.balance} + moved.balance;
      left != x.balance_after)
    return differs("are left", x.balance_after, left);
  if (const auto held = money_sum{head_.held} + moved.held;
      held != x.held_after)
    return differs("are held", x.held_after, held);
  return {};
}

std::string ledger_audit::rules(const ledger_entry& x) {
  if (!head_.funded && x.kind != entry_kind::open)
    return "comes before the books have begun";
  const auto* hold = find(head_, x.hold);
  switch (x.kind) {
    case entry_kind::open:
      return head_.funded ? "begins books that have begun" : "";
    case entry_kind::topup:
      return x.amount <= money{} ? "is a top-up of nothing" : "";
    case entry_kind::adjust:
    case entry_kind::reading:
      return {};
    case entry_kind::hold:
      if (hold != nullptr || ended_.contains(x.hold))
        return "holds for " + to_string(x.hold) + " once more";
      if (x.amount < money{})
        return "holds a negative amount";
      return x.amount > available()
               ? "holds " + to_string(x.amount) + " USD where only "
                   + to_string(available()) + " were left"
               : "";
    case entry_kind::settle:
    case entry_kind::release:
    case entry_kind::expire:
    case entry_kind::doubt:
    case entry_kind::suspect:
    case entry_kind::assume:
      return hold == nullptr ? "ends " + to_string(x.hold)
                                 + (ended_.contains(x.hold)
                                      ? ", which had ended before"
                                      : ", which was never held")
                             : rules_of_ending(x, *hold);
    case entry_kind::overrun:
    case entry_kind::late:
    case entry_kind::correct:
      return rules_of_sequel(x);
  }
  return "is of an unknown kind";
}

std::string ledger_audit::rules_of_ending(const ledger_entry& x,
                                          const open_hold& hold) {
  const auto kept = hold.amount;
  const auto charges = x.kind == entry_kind::settle
                       || x.kind == entry_kind::assume;
  const auto fits = charges           ? x.amount <= money{} && x.amount >= -kept
                    : doubts(x.kind) ? x.amount >= money{} && x.amount <= kept
                                     : x.amount == kept;
  if (!fits)
    return "moves " + to_string(x.amount) + " USD of a hold of "
           + to_string(kept);
  switch (x.kind) {
    case entry_kind::doubt:
    case entry_kind::suspect:
      if (x.presumed < money{} || x.presumed > x.amount)
        return "presumes another charge than what stays held";
      return hold.in_doubt ? "doubts what is in doubt" : "";
    case entry_kind::expire:
      if (hold.in_doubt)
        return "lets a hold expire that is in doubt";
      if (x.at < hold.expires_at)
        return "lets a hold expire before its time";
      break;
    case entry_kind::assume:
      if (!hold.in_doubt)
        return "assumes a charge that nobody doubted";
      break;
    default:
      break;
  }
  if (!doubts(x.kind))
    ended_.add(x.hold, {charges ? -x.amount : money{}, x.kind}, x.at);
  return {};
}

std::string ledger_audit::rules_of_sequel(const ledger_entry& x) {
  auto* const end = ended_.find(x.hold);
  if (end == nullptr)
    return "follows the end of " + to_string(x.hold) + ", which has not ended";
  switch (x.kind) {
    case entry_kind::overrun:
      if (x.amount >= money{})
        return "is an overrun of nothing";
      if (spent_up_ != x.hold)
        return "is an overrun without a settlement of the whole hold before it";
      break;
    case entry_kind::late:
      if (x.amount > money{})
        return "is a late charge of less than nothing";
      if (end->how != entry_kind::release && end->how != entry_kind::expire)
        return "is a late charge, but " + to_string(x.hold)
               + " had neither been released nor expired";
      break;
    default:
      if (end->how != entry_kind::assume)
        return "corrects what was not assumed";
      if (x.amount > end->charged)
        return "gives back more than was assumed";
      break;
  }
  end->how = entry_kind::settle;
  end->charged -= x.amount;
  return {};
}

bool ledger_audit::settles_whole(const ledger_entry& x) const {
  const auto* hold = find(head_, x.hold);
  return x.kind == entry_kind::settle && hold != nullptr
         && x.amount == -hold->amount;
}

void ledger_audit::add_up(const ledger_entry& x) {
  ++sums_.entries;
  switch (x.kind) {
    case entry_kind::open:
    case entry_kind::topup:
      sums_.paid_in += x.amount;
      break;
    case entry_kind::adjust:
      sums_.adjusted += x.amount;
      break;
    case entry_kind::settle:
    case entry_kind::assume:
    case entry_kind::late:
    case entry_kind::overrun:
    case entry_kind::correct:
      sums_.charged -= x.amount;
      break;
    default: // They move no balance.
      break;
  }
}

void ledger_audit::derail(const ledger_entry& x) {
  derailed_ = true;
  head_.seq = std::max(head_.seq, x.seq);
  head_.balance = x.balance_after;
  head_.held = x.held_after;
  head_.chain = x.chain;
}

money ledger_audit::available() const {
  auto left = head_.balance;
  if (head_.read_at.millis != 0)
    left = std::min(left, head_.reading - head_.spent_since_reading);
  return left - head_.held;
}

} // namespace rota
