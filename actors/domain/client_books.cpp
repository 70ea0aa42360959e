#include "actors/domain/client_books.hpp"

#include "actors/domain/client_fold.hpp"
#include "actors/domain/retry_after.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace rota {

namespace {

/// When to look again for what ends by itself, not by time.
constexpr milliseconds soon{1'000};

limiter_options rates_of(const client_options& x) {
  constexpr auto no_limit = std::numeric_limits<uint32_t>::max();
  return {x.max_in_flight == 0 ? no_limit : x.max_in_flight,
          x.requests_per_minute, x.tokens_per_minute};
}

} // namespace

client_books::client_books(client_head head)
  : head_{std::move(head)}, rates_{rates_of({})} {
  // nop
}

void client_books::options(const client_options& x) {
  options_ = x;
  rates_.options(rates_of(x));
}

void client_books::remember(const open_hold& x) {
  if (!holds_.emplace(x.id, held{x.amount, x.in_doubt}).second)
    return;
  held_ += x.amount;
  if (x.in_doubt)
    doubted_ += x.amount;
}

// -- jobs ---------------------------------------------------------------------

admittance client_books::admit(const admission& x, timestamp now) {
  auto result = check(x, now);
  if (result.why != client_refusal::none) {
    ++refused_;
    return result;
  }
  // After this point, the job counts.
  rates_.acquire(x.tokens, now);
  jobs_[x.job.item] = {x.amount, {}, {}};
  held_ += x.amount;
  return result;
}

admittance client_books::check(const admission& x, timestamp now) const {
  if (rates_.in_flight() >= rates_.limit())
    return {x.job, client_refusal::in_flight, now + soon};
  if (rates_.check(x.tokens, now) != ec::ok)
    return {x.job, client_refusal::rate, rates_.next_refill(x.tokens, now)};
  admittance result{x.job, client_refusal::none, {}};
  const auto judge = [&](const std::optional<money>& cap, money_sum spent,
                         client_refusal why, timestamp next) {
    if (!cap || x.amount == money{} || spent + held_ + x.amount <= *cap)
      return;
    if (spent + doubted_ + x.amount <= *cap) {
      if (result.why == client_refusal::none)
        result = {x.job, client_refusal::held, now + soon};
      return;
    }
    // A request that is dearer than the whole cap never fits.
    result = {x.job, why, x.amount <= *cap ? next : timestamp{}};
  };
  judge(options_.cap.day, day_spent(now), client_refusal::day_cap,
        next_day(now));
  if (result.why != client_refusal::day_cap || result.again.millis != 0)
    judge(options_.cap.month, month_spent(now), client_refusal::month_cap,
          next_month(now));
  return result;
}

void client_books::end(job_id x) {
  const auto i = jobs_.find(x.item);
  if (i == jobs_.end())
    return;
  const auto job = i->second;
  jobs_.erase(i);
  rates_.release();
  held_ -= money_sum{job.reserved} + job.above;
  if (job.hold) // Its end is on the way.
    held_ += holds_.at(*job.hold).amount;
}

// -- entries ------------------------------------------------------------------

void client_books::see(const ledger_entry& x) {
  fold(head_, x);
  switch (x.kind) {
    case entry_kind::hold:
      return hold(x);
    case entry_kind::doubt:
    case entry_kind::suspect:
      return doubt(x);
    case entry_kind::settle:
    case entry_kind::assume:
    case entry_kind::release:
    case entry_kind::expire:
      return unhold(x.hold);
    default:
      return;
  }
}

/// The job that a hold counts with: its own, unless that has ended or the hold
/// is in doubt.
client_books::open_job* client_books::job_of(const hold_id& x) {
  const auto i = jobs_.find(x.job.item);
  return i != jobs_.end() && i->second.hold == x ? &i->second : nullptr;
}

void client_books::hold(const ledger_entry& x) {
  if (!holds_.emplace(x.hold, held{x.amount, false}).second)
    return;
  const auto i = jobs_.find(x.hold.job.item);
  if (i == jobs_.end()) {
    held_ += x.amount;
    return;
  }
  auto& job = i->second;
  if (job.hold) { // Another account has yet to say what became of that one.
    held_ -= std::exchange(job.above, {});
    held_ += holds_.at(*job.hold).amount;
  }
  job.hold = x.hold;
  job.above = std::max(x.amount - job.reserved, money{});
  held_ += job.above;
}

void client_books::unhold(const hold_id& x) {
  const auto i = holds_.find(x);
  if (i == holds_.end())
    return;
  if (auto* job = job_of(x)) {
    held_ -= std::exchange(job->above, {});
    job->hold.reset();
  } else {
    held_ -= i->second.amount;
  }
  if (i->second.in_doubt)
    doubted_ -= i->second.amount;
  holds_.erase(i);
}

void client_books::doubt(const ledger_entry& x) {
  unhold(x.hold); // From now on it counts beside its job, which may go on.
  holds_.emplace(x.hold, held{x.amount, true});
  held_ += x.amount;
  doubted_ += x.amount;
}

// -- views --------------------------------------------------------------------

money client_books::day_spent(timestamp now) const {
  return head_.day == day_of(now) ? head_.day_spent : money{};
}

money client_books::month_spent(timestamp now) const {
  return head_.month == month_of(now) ? head_.month_spent : money{};
}

client_view client_books::view(timestamp now) const {
  client_view x;
  x.name = head_.name;
  x.tokens = static_cast<uint32_t>(options_.tokens.size());
  x.calls = head_.calls;
  x.spent = head_.spent;
  x.day_spent = day_spent(now);
  x.month_spent = month_spent(now);
  x.held = held_.nearest();
  x.in_doubt = doubted_.nearest();
  x.day_cap = options_.cap.day;
  x.month_cap = options_.cap.month;
  x.in_flight = rates_.in_flight();
  x.refused = refused_;
  x.last_used = head_.last_used;
  return x;
}

refusal_words words_of(const admittance& x, timestamp now) {
  refusal_words result{429, "rate_limit_exceeded", {}, true, {}};
  if (x.again.millis != 0)
    result.retry_after = x.again - now;
  const auto spent_up = [&](const std::string& which) {
    result.code = "insufficient_quota";
    result.retry = false;
    result.sentence
      = x.again.millis != 0
          ? "You have spent what you may in a " + which
              + " (UTC), or this request could exceed it."
          : "This request could cost more than you may spend in a whole "
              + which + "; ask for less, such as fewer output tokens.";
  };
  switch (x.why) {
    case client_refusal::none:
    case client_refusal::in_flight:
      result.sentence = "You have as many requests under way as you may.";
      break;
    case client_refusal::rate:
      result.sentence
        = "You have used up your requests or tokens per minute.";
      break;
    case client_refusal::held:
      result.sentence
        = "What is left of your cap is held for your requests under way.";
      break;
    case client_refusal::day_cap:
      spent_up("day");
      break;
    case client_refusal::month_cap:
      spent_up("month");
      break;
  }
  return result;
}

} // namespace rota
