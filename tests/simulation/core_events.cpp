// The provider, its strangers, and what reaches the accounts.

#include "tests/simulation/core_world.hpp"

#include <array>

namespace rota::simulation {

namespace {

/// How a call can end, and what becomes of it.
struct fate {
  const char* name;
  verdict judged;
  /// Whether the provider charges, whatever it says.
  bool charges;
  bool sent = true;
};

verdict failure(failure_class cls, account_action action,
                charge charged = charge::no) {
  verdict x;
  x.cls = cls;
  x.scope = failure_scope::account;
  x.action = action;
  x.charged = charged;
  x.failover = true;
  return x;
}

verdict success() {
  verdict x;
  x.charged = charge::yes;
  return x;
}

verdict throttled() {
  auto x = failure(failure_class::rate_limited, account_action::cooldown);
  x.cooldown = milliseconds{7'000};
  return x;
}

verdict refused() {
  auto x = failure(failure_class::client_error, account_action::none);
  x.scope = failure_scope::request;
  x.failover = false;
  return x;
}

const std::array<fate, 10>& fates() {
  using cls = failure_class;
  using action = account_action;
  static const std::array<fate, 10> result{{
    {"succeeds", success(), true},
    {"breaks off, charged",
     failure(cls::stream_broken, action::penalty, charge::perhaps), true},
    {"breaks off, not charged",
     failure(cls::stream_broken, action::penalty, charge::perhaps), false},
    {"is throttled", throttled(), false},
    {"meets a server error",
     failure(cls::upstream_error, action::penalty, charge::hardly), false},
    {"finds no money", failure(cls::quota_exhausted, action::exhausted), false},
    {"finds its key refused", failure(cls::auth_invalid, action::disabled),
     false},
    {"is a bad request", refused(), false},
    {"never leaves", failure(cls::upstream_error, action::penalty), false,
     false},
    {"meets a server error, charged",
     failure(cls::upstream_error, action::penalty, charge::hardly), true},
  }};
  return result;
}

} // namespace

void core_world::execute(const event& x) {
  auto answer = x;
  answer.fate = 0;
  if (fault(world_.failure))
    answer.fate = static_cast<size_t>(
      random_.permille(world_.doubt) ? random_.between(1, 2)
                                     : random_.between(3, 9));
  const auto& how = fates()[answer.fate];
  const auto held = hold_amount(x.hold);
  answer.amount = money{random_.between(0, held.nanos)};
  if (fault(world_.bias))
    answer.amount = held + money{random_.below(held.nanos / 3 + 1)};
  black_box::instance().note("%s %s, %lld", to_string(x.hold).c_str(), how.name,
                             static_cast<long long>(answer.amount.nanos));
  if (how.charges) {
    provider_.charge(x.account,
                     {answer.amount, now_, shown_at(), true, x.hold});
  }
  if (x.run != run_)
    return; // It belongs to no budget any more, and nobody listens.
  auto& item = items_[x.hold.job.item];
  // What is hardly charged counts for no budget.
  item.charged += how.charges && how.judged.charged != charge::hardly;
  item.arrived += how.sent;
  require(item.charged <= routing_.billed_attempts, "I10",
          "an item is charged more often than allowed");
  require(item.arrived <= routing_.attempts, "I10",
          "an item is tried more often than allowed");
  answer.kind = what::outcome;
  plan(answer, ms(1, world_.total_timeout.count() / 3));
}

void core_world::outcome(const event& x) {
  const auto& how = fates()[x.fate];
  auto& item = items_[x.hold.job.item];
  auto step = next_step::give_up;
  if (how.judged.cls != failure_class::none)
    step = item.budget.after_failure(how.judged, how.sent, now_ + ahead_);
  auto end = x;
  end.kind = what::told;
  end.last = step == next_step::give_up;
  event next;
  next.kind = what::acquire;
  next.item = x.hold.job.item;
  if (fault(world_.drop)) {
    // The runner is gone, and with it what it knew: somebody begins anew once
    // the hold has expired.
    black_box::instance().note("the end of %s is lost",
                               to_string(x.hold).c_str());
    const auto tries = item.tries;
    item = fresh_item();
    item.tries = tries;
    return plan(next, world_.total_timeout + world_.hold_margin);
  }
  item.ended = end.last;
  const auto longest = world_.total_timeout.count() * 2;
  plan(end, fault(world_.delay) ? ms(0, longest) : milliseconds{0});
  if (fault(world_.duplicate)) {
    end.last = false;
    plan(end, ms(0, longest));
  }
  if (how.judged.charged == charge::perhaps && fault(world_.word)) {
    end.kind = what::word;
    end.last = false;
    plan(end, ms(0, world_.doubt_grace.count() * 2));
  }
  if (step == next_step::give_up)
    return;
  item.excluded.push_back(x.account);
  plan(next, step == next_step::elsewhere
               ? milliseconds{0}
               : item.budget.backoff(random_.unit()));
}

/// What may be seen of a call that costs `truth`: less, but at most no less.
seen_charge core_world::glimpse(money truth) {
  const auto part = [this](money of) {
    return money{static_cast<int64_t>(static_cast<double>(of.nanos)
                                      * random_.unit())};
  };
  return {part(truth), truth + part(truth)};
}

void core_world::told(const event& x) {
  const auto& judged = fates()[x.fate].judged;
  black_box::instance().note("account %u is told that %s %s", x.account.value,
                             to_string(x.hold).c_str(), fates()[x.fate].name);
  booking end{booking::verb::settle, x.hold, x.amount};
  if (judged.charged == charge::no)
    end.what = booking::verb::release;
  else if (judged.charged == charge::perhaps) {
    end.what = booking::verb::doubt;
    if (random_.permille(500))
      end.seen = glimpse(x.amount);
  }
  else if (judged.charged == charge::hardly)
    end.what = booking::verb::suspect;
  core_record record;
  record.commit = at(x.account).settle(end, judged, random_.unit());
  if (x.last)
    record.item = x.hold.job.item;
  store(std::move(record));
}

void core_world::word(const event& x) {
  black_box::instance().note("account %u hears that %s %s", x.account.value,
                             to_string(x.hold).c_str(), fates()[x.fate].name);
  const auto verb = fates()[x.fate].charges ? booking::verb::settle
                                            : booking::verb::release;
  store({at(x.account).settle({verb, x.hold, x.amount}, success(),
                              random_.unit()),
         {}, {}});
}

void core_world::probe(const event& x) {
  auto ask = x;
  ask.kind = what::answer;
  ask.asked = at(x.account).books().cut(now_ + ahead_);
  plan(ask, ms(1, 1'000));
  plan(x, world_.probe_interval + ms(0, 5'000));
}

timestamp core_world::shown_at() {
  const auto times = fault(world_.late) ? 5 : 1;
  return now_ + ms(0, world_.lag.count() * times);
}

void core_world::answer(const event& x) {
  if (fault(world_.silent))
    return;
  auto said = x;
  said.kind = what::figure;
  said.amount = provider_.reported(x.account, now_);
  if (fault(world_.lie)) {
    at(x.account).auditor().lied();
    said.amount += money{random_.between(-60, 60) * world_.call.nanos};
  }
  plan(said, fault(world_.delay) ? ms(0, 60'000) : ms(1, 1'000));
  if (fault(world_.duplicate))
    plan(said, ms(0, 90'000));
}

void core_world::figure(const event& x) {
  black_box::instance().note("account %u reads %lld", x.account.value,
                             static_cast<long long>(x.amount.nanos));
  store({at(x.account).reading(x.amount, x.asked), {}, {}});
}

void core_world::stranger(const event& x) {
  const auto amount = money{random_.between(1, 20) * world_.call.nanos / 2};
  if (fault(world_.top_up)) {
    black_box::instance().note("a stranger pays %lld into account %u",
                               static_cast<long long>(amount.nanos),
                               x.account.value);
    provider_.top_up(x.account, amount);
  }
  if (fault(world_.foreign)) {
    black_box::instance().note("a stranger spends from account %u",
                               x.account.value);
    provider_.charge(x.account,
                     {money{amount.nanos / 4}, now_, shown_at(), false, {}});
  }
  if (!calm_)
    plan(x, ms(1'000, 300'000));
}

void core_world::will(const event& x) {
  if (fault(world_.will)) {
    const auto amount = money{random_.between(1, 20) * world_.call.nanos};
    black_box::instance().note("an operator pays %lld into account %u",
                               static_cast<long long>(amount.nanos),
                               x.account.value);
    provider_.top_up(x.account, amount);
    store({at(x.account).adjust(amount), {}, {}});
  } else if (calm_ || random_.permille(500)) {
    black_box::instance().note("an operator resets account %u",
                               x.account.value);
    store({at(x.account).reset(), {}, {}});
  }
  plan(x, ms(60'000, 600'000));
}

} // namespace rota::simulation
