#include "actors/domain/ledger.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace rota {

namespace {

/// How many ended holds are remembered. A repeat comes within seconds; a late
/// charge within the total timeout of a request.
constexpr size_t memory_max = 65'536;

constexpr milliseconds slot{1'000};

} // namespace

ledger::ledger(account_id account, std::string name, ledger_rules rules)
  : rules_{rules} {
  head_.account = account;
  head_.name = std::move(name);
}

ledger::ledger(account_head head, ledger_rules rules)
  : rules_{rules}, head_{std::move(head)} {
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
  window_from_ = head_.last_used;
}

ec ledger::open(money amount, timestamp now) {
  if (head_.funded)
    return ec::wrong_state;
  // After this point, the books begin.
  head_.funded = true;
  head_.reading += amount;
  head_.balance += amount;
  append(entry_kind::open, amount, {}, now);
  return ec::ok;
}

ec ledger::hold(hold_id id, money amount, money floor, timestamp expires_at,
                timestamp now) {
  if (!head_.funded)
    return ec::balance_unknown;
  if (amount < money{})
    return ec::insufficient_funds;
  if (open_.contains(id))
    return ec::already_held;
  if (ended_.contains(id))
    return ec::already_ended;
  if (available() - amount < floor)
    return ec::insufficient_funds;
  // After this point, the hold must succeed.
  open_.emplace(id, open_hold{id, amount, now, expires_at, false});
  expiries_.push({expires_at, id});
  head_.held += amount;
  head_.last_used = now;
  ++head_.calls;
  ledger_entry x;
  x.kind = entry_kind::hold;
  x.amount = amount;
  x.hold = id;
  x.until = expires_at;
  append(x, now);
  return ec::ok;
}

ec ledger::settle(hold_id id, money cost, timestamp now) {
  const auto i = open_.find(id);
  if (i != open_.end()) {
    // After this point, the settlement must succeed.
    const auto kept = i->second.amount;
    end_hold(id, entry_kind::settle);
    ended_[id].charged = cost;
    charge(entry_kind::settle, std::min(cost, kept), id, now);
    if (cost > kept)
      charge(entry_kind::overrun, cost - kept, id, now);
    return ec::ok;
  }
  const auto ended = ended_.find(id);
  if (ended == ended_.end())
    return ec::unknown_hold;
  auto& before = ended->second;
  if (before.how == entry_kind::settle)
    return ec::already_ended;
  // After this point, the late charge must be booked: the provider has.
  if (before.how == entry_kind::assume)
    charge(entry_kind::correct, cost - before.charged, id, now);
  else
    charge(entry_kind::late, cost, id, now);
  before = {entry_kind::settle, cost};
  return ec::ok;
}

ec ledger::release(hold_id id, timestamp now) {
  const auto i = open_.find(id);
  if (i == open_.end())
    return ended_.contains(id) ? ec::already_ended : ec::unknown_hold;
  // After this point, the release must succeed.
  const auto kept = i->second.amount;
  end_hold(id, entry_kind::release);
  append(entry_kind::release, kept, id, now);
  return ec::ok;
}

ec ledger::doubt(hold_id id, timestamp until, timestamp now) {
  const auto i = open_.find(id);
  if (i == open_.end())
    return ended_.contains(id) ? ec::already_ended : ec::unknown_hold;
  if (i->second.in_doubt)
    return ec::already_ended;
  // After this point, the doubt must be noted.
  auto& hold = i->second;
  hold.in_doubt = true;
  hold.expires_at = until;
  expiries_.push({until, id});
  ++doubts_;
  doubt_amount_ += hold.amount;
  ledger_entry x;
  x.kind = entry_kind::doubt;
  x.amount = hold.amount;
  x.hold = id;
  x.until = until;
  append(x, now);
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
    const auto hold = i->second;
    const auto how
      = hold.in_doubt ? entry_kind::assume : entry_kind::expire;
    end_hold(due.id, how);
    if (hold.in_doubt) {
      ended_[due.id].charged = hold.amount;
      charge(entry_kind::assume, hold.amount, due.id, now);
    } else {
      append(entry_kind::expire, hold.amount, due.id, now);
    }
    ++result;
  }
  return result;
}

size_t ledger::doubt_all(timestamp until, timestamp now) {
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
  head_.balance += delta;
  append(entry_kind::adjust, delta, {}, now);
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

void ledger::append(ledger_entry x, timestamp now) {
  x.account = head_.account;
  x.seq = ++head_.seq;
  if (x.at.millis == 0)
    x.at = now;
  x.balance_after = head_.balance;
  x.held_after = head_.held;
  ROTA_CHECK(head_.held >= money{}, "held money is negative");
  entries_.push_back(x);
}

void ledger::append(entry_kind kind, money amount, hold_id id, timestamp now) {
  ledger_entry x;
  x.kind = kind;
  x.amount = amount;
  x.hold = id;
  append(x, now);
}

void ledger::charge(entry_kind kind, money amount, hold_id id, timestamp now) {
  head_.balance -= amount;
  head_.spent += amount;
  head_.spent_since_reading += amount;
  head_.last_used = now;
  head_.overruns += kind == entry_kind::overrun;
  head_.lates += kind == entry_kind::late;
  while (!recent_.empty()
         && now - recent_.front().from > rules_.posting_lag + slot)
    recent_.pop_front();
  if (recent_.empty() || now - recent_.back().from >= slot)
    recent_.push_back({now, {}});
  recent_.back().spent += amount;
  append(kind, -amount, id, now);
}

void ledger::end_hold(hold_id id, entry_kind how) {
  const auto i = open_.find(id);
  head_.held -= i->second.amount;
  if (i->second.in_doubt) {
    --doubts_;
    doubt_amount_ -= i->second.amount;
  }
  open_.erase(i);
  ended_[id] = {how, {}};
  ended_order_.push_back(id);
  if (ended_order_.size() > memory_max) {
    ended_.erase(ended_order_.front());
    ended_order_.pop_front();
  }
}

} // namespace rota
