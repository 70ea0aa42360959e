#include "actors/domain/ledger.hpp"

#include "actors/domain/ledger_fold.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace rota {

namespace {

/// How many ended holds are remembered, and for how long. A repeat comes within
/// seconds; a late charge within the total timeout of a request.
constexpr size_t memory_max = 2'048;
constexpr milliseconds memory_reach{3'600'000};

money bounded(money x) {
  return std::clamp(x, -ledger::most, ledger::most);
}

bool moves_balance(entry_kind x) {
  switch (x) {
    case entry_kind::hold:
    case entry_kind::release:
    case entry_kind::expire:
    case entry_kind::doubt:
    case entry_kind::suspect:
    case entry_kind::reading:
      return false;
    default:
      return true;
  }
}

} // namespace

ledger::ledger(account_id account, std::string name, ledger_rules rules)
  : rules_{rules},
    ended_{memory_max, memory_reach},
    recent_{rules.posting_lag},
    lag_{rules.posting_lag, rules.quantum, milliseconds{0}} {
  head_.account = account;
  head_.name = std::move(name);
}

ledger::ledger(account_head head, ledger_rules rules,
               const std::vector<past_hold>& ended, milliseconds learnt)
  : rules_{rules},
    head_{std::move(head)},
    booked_{head_.balance},
    ended_{memory_max, memory_reach},
    recent_{rules.posting_lag},
    lag_{rules.posting_lag, rules.quantum, learnt} {
  recent_.reach(lag_.value());
  money held;
  for (const auto& x : head_.holds) {
    open_.emplace(x.id, x);
    expiries_.push({x.expires_at, x.id});
    held += x.amount;
    doubts_ += x.in_doubt;
    if (x.in_doubt)
      doubt_amount_ += x.amount;
  }
  ROTA_CHECK(held == head_.held, "the open holds do not add up to held");
  head_.holds.clear();
  for (const auto& x : ended)
    if (!ended_.contains(x.id) && !open_.contains(x.id))
      ended_.add(x.id, {x.charged, x.how}, x.at);
  window_from_ = head_.last_used;
}

void ledger::rules(ledger_rules x) {
  rules_ = x;
  lag_.rules(x.posting_lag, x.quantum);
  recent_.reach(lag_.value());
}

ec ledger::open(money amount, timestamp now) {
  if (head_.funded)
    return ec::wrong_state;
  // After this point, the books must begin.
  amount = bounded(amount);
  head_.funded = true;
  head_.reading += amount;
  head_.balance += amount;
  append(entry_kind::open, amount, {}, now);
  return ec::ok;
}

ec ledger::hold(const hold_id& id, money amount, money floor,
                timestamp expires_at, timestamp now) {
  if (!head_.funded)
    return ec::balance_unknown;
  if (amount < money{})
    return ec::insufficient_funds;
  if (open_.contains(id))
    return ec::already_held;
  if (ended_.contains(id))
    return ec::already_ended;
  if (rules_.stale_stops && is_stale(now))
    return ec::reading_stale;
  if (available() - haircut(now) - amount < floor)
    return ec::insufficient_funds;
  // After this point, the hold must succeed.
  open_.emplace(id, open_hold{id, amount, now, expires_at, false});
  watch(expires_at, id);
  head_.held += amount;
  head_.last_used = now;
  ++head_.calls;
  append(entry_kind::hold, amount, id, now).until = expires_at;
  ROTA_CHECK(available() - haircut(now) >= floor,
             "more is held than is available");
  return ec::ok;
}

ec ledger::settle(const hold_id& id, money cost, timestamp now) {
  cost = std::clamp(cost, money{}, most);
  if (const auto i = open_.find(id); i != open_.end()) {
    // After this point, the settlement must succeed.
    const auto kept = i->second.amount;
    end_hold(i, entry_kind::settle, cost, now);
    charge(entry_kind::settle, std::min(cost, kept), id, now);
    if (cost > kept)
      charge(entry_kind::overrun, cost - kept, id, now);
    return ec::ok;
  }
  const auto ended = ended_.find(id);
  if (!ended)
    return ec::unknown_hold;
  if (ended->how == entry_kind::settle)
    return ec::already_ended;
  // After this point, the charge must be booked: the provider has.
  if (ended->how == entry_kind::assume)
    charge(entry_kind::correct, cost - ended->charged, id, now);
  else
    charge(entry_kind::late, cost, id, now);
  ended->how = entry_kind::settle;
  ended->charged = cost;
  return ec::ok;
}

ec ledger::release(const hold_id& id, timestamp now) {
  const auto i = open_.find(id);
  if (i == open_.end())
    return ended_.contains(id) ? ec::already_ended : ec::unknown_hold;
  // After this point, the release must succeed.
  const auto kept = i->second.amount;
  end_hold(i, entry_kind::release, {}, now);
  append(entry_kind::release, kept, id, now);
  return ec::ok;
}

ec ledger::doubt(const hold_id& id, timestamp until, timestamp now,
                 const seen_charge& seen) {
  return doubt(entry_kind::doubt, id, until, now, seen);
}

ec ledger::suspect(const hold_id& id, timestamp until, timestamp now) {
  return doubt(entry_kind::suspect, id, until, now, unseen);
}

ec ledger::doubt(entry_kind how, const hold_id& id, timestamp until,
                 timestamp now, const seen_charge& seen) {
  const auto i = open_.find(id);
  if (i == open_.end())
    return ended_.contains(id) ? ec::already_ended : ec::unknown_hold;
  if (i->second.in_doubt)
    return ec::already_ended;
  // After this point, the doubt must be noted.
  auto& hold = i->second;
  hold.in_doubt = true;
  hold.unlikely = how == entry_kind::suspect;
  const auto presumed = std::clamp(seen.presumed, money{}, hold.amount);
  const auto kept = std::clamp(seen.at_most, presumed, hold.amount);
  head_.held -= hold.amount - kept;
  hold.amount = kept;
  if (presumed < kept)
    hold.presumed = presumed;
  hold.expires_at = until;
  watch(until, id);
  ++doubts_;
  doubt_amount_ += hold.amount;
  auto& x = append(how, hold.amount, id, now);
  x.until = until;
  x.presumed = hold.presumed;
  return ec::ok;
}

size_t ledger::expire(timestamp now) {
  size_t result = 0;
  while (!expiries_.empty() && expiries_.top().at <= now) {
    const auto due = expiries_.top();
    expiries_.pop();
    const auto i = open_.find(due.id);
    if (i == open_.end() || i->second.expires_at != due.at)
      continue; // It ended, or its end has moved.
    // After this point, the end must be booked.
    const auto kept = i->second.amount;
    if (i->second.unlikely) {
      end_hold(i, entry_kind::release, {}, now);
      append(entry_kind::release, kept, due.id, now);
    } else if (i->second.in_doubt) {
      const auto cost = i->second.assumed();
      end_hold(i, entry_kind::assume, cost, now);
      charge(entry_kind::assume, cost, due.id, now);
    } else {
      end_hold(i, entry_kind::expire, {}, now);
      append(entry_kind::expire, kept, due.id, now);
    }
    ++result;
  }
  return result;
}

size_t ledger::doubt_all(timestamp until, timestamp now) {
  // The clock of this run is not that of the dead one: wherever it stands,
  // what that one spent lies before now.
  window_from_ = now;
  std::vector<hold_id> live;
  for (const auto& [id, hold] : open_)
    if (!hold.in_doubt)
      live.push_back(id);
  std::sort(live.begin(), live.end());
  for (const auto& id : live)
    std::ignore = doubt(id, until, now);
  return live.size();
}

void ledger::adjust(money delta, timestamp now) {
  if (!head_.funded) {
    std::ignore = open(delta, now);
    return;
  }
  // After this point, the correction must be booked.
  lag_.restart();
  delta = bounded(head_.balance + bounded(delta)) - head_.balance;
  head_.balance += delta;
  head_.reading += delta; // What the operator knows corrects the reading, too.
  append(entry_kind::adjust, delta, {}, now);
}

money ledger::posted() const {
  return head_.reading - available() - head_.held;
}

size_t ledger::live() const {
  return open_.size() - in_doubt();
}

timestamp ledger::next_expiry() {
  while (!expiries_.empty()) {
    const auto& due = expiries_.top();
    const auto i = open_.find(due.id);
    if (i != open_.end() && i->second.expires_at == due.at)
      return due.at;
    expiries_.pop();
  }
  return {};
}

account_head ledger::snapshot() const {
  auto result = head_;
  result.holds.reserve(open_.size());
  for (const auto& [id, hold] : open_)
    result.holds.push_back(hold);
  std::sort(result.holds.begin(), result.holds.end(),
            [](const auto& x, const auto& y) { return x.id < y.id; });
  return result;
}

std::vector<ledger_entry> ledger::take_entries() {
  return std::exchange(entries_, {});
}

// -- helpers ------------------------------------------------------------------

ledger_entry& ledger::append(entry_kind kind, money amount,
                             const hold_id& id, timestamp now) {
  // Written where it stays: what is put together on the stack and copied at
  // once waits for all stores before it, a tenth of a microsecond.
  auto& x = entries_.emplace_back();
  x.account = head_.account;
  x.seq = ++head_.seq;
  x.kind = kind;
  x.amount = amount;
  x.hold = id;
  x.at = now;
  x.balance_after = head_.balance;
  x.held_after = head_.held;
  if (moves_balance(kind))
    booked_ += amount;
  ROTA_CHECK(booked_ == head_.balance, "the entries do not add up");
  ROTA_CHECK(head_.held >= doubt_amount_ && doubt_amount_ >= money{},
             "held money is negative");
  ROTA_CHECK(!open_.empty() || head_.held == money{},
             "money is held for nobody");
  return x;
}

void ledger::charge(entry_kind kind, money amount, const hold_id& id,
                    timestamp now) {
  head_.balance -= amount;
  count_charge(head_, amount, now);
  head_.overruns += kind == entry_kind::overrun;
  head_.lates += kind == entry_kind::late;
  if (amount > money{}) {
    recent_.add(amount, now);
    lag_.charged(amount, now);
  }
  append(kind, -amount, id, now);
}

void ledger::end_hold(open_holds::iterator i, entry_kind how, money charged,
                      timestamp now) {
  head_.held -= i->second.amount;
  if (i->second.in_doubt) {
    --doubts_;
    doubt_amount_ -= i->second.amount;
  }
  ended_.add(i->first, {charged, how}, now);
  open_.erase(i);
  if (open_.empty())
    expiries_ = {};
}

void ledger::watch(timestamp at, const hold_id& id) {
  expiries_.push({at, id});
  // Holds end long before they expire; do not remember all of them till then.
  if (expiries_.size() <= 2 * open_.size() + 16)
    return;
  expiry_list live;
  live.reserve(open_.size());
  for (const auto& [open, hold] : open_)
    live.push_back({hold.expires_at, open});
  expiries_ = expiry_queue{std::greater<>{}, std::move(live)};
}

} // namespace rota
