#include "actors/account.hpp"

#include "actors/domain/pricing.hpp"
#include "actors/support.hpp"
#include "messages/money_sum.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace rota {

namespace {

limiter_options limits_of(const account_options& x) {
  return {x.max_in_flight, x.requests_per_minute, x.tokens_per_minute};
}

ledger_rules rules_of(const account_setup& x) {
  const auto& balance = x.account.balance;
  ledger_rules result;
  result.posting_lag = balance.posting_lag;
  result.quantum = balance.quantum;
  result.attempt_max = x.total_timeout + x.store.hold_margin;
  if (balance.probe != probe_kind::none)
    result.stale_after = x.refresh.interval * x.refresh.stale_intervals;
  result.stale_haircut_percent = x.refresh.stale_haircut_percent;
  result.stale_stops = x.refresh.stale == stale_policy::stop;
  return result;
}

/// Between two readings that an account asks for by itself.
constexpr milliseconds reading_pause{30'000};

} // namespace

// -- handlers -----------------------------------------------------------------

caf::result<hold_grant, account_state>
account_actor_state::hold(const acquire_ptr& x) {
  const auto t = now();
  ++answered;
  const auto& work = *x->want.work;
  if (is_free(work.route))
    return hold_nothing(*x, t);
  const auto& options = setup.account;
  auto code = refusal(t, x->early);
  if (code == ec::ok)
    code = condition->check(work.model, limits->limit(), t, x->early);
  if (code == ec::ok)
    code = limits->check(work.estimate.total(), t);
  const auto id = hold_id{work.id, x->want.attempt};
  const auto amount
    = scale_up(scale_up(x->want.list_cost, options.multiplier),
               watch->prices().price_factor());
  const auto expiry = t + setup.total_timeout + setup.store.hold_margin;
  if (const auto bar = scarce.bar(t); code == ec::ok && bar && amount >= *bar)
    code = ec::insufficient_funds;
  if (code == ec::ok)
    code = books->hold(id, amount, options.floor, expiry, t);
  if (code != ec::ok) {
    publish(t);
    return code;
  }
  // After this point, the hold stands.
  limits->acquire(work.estimate.total(), t);
  if (amount > money{})
    least_hold = std::min(least_hold.value_or(amount), amount);
  const auto serial = condition->begin(work.model, expiry, t);
  window->add(1, {}, t);
  persist(t, x->ack, x->want.attempt);
  return {hold_grant{books->head().account, options.name, id, amount,
                     options.kind, options.multiplier, serial,
                     refuses_asking},
          next_state(t)};
}

void account_actor_state::settle(const attempt_end_ptr& x) {
  const auto t = now();
  const auto was_live = x->is_free || books->is_live(x->hold);
  const auto& judged = x->report.judged;
  auto code = ec::ok;
  switch (judged.charged) { // A free call is judged as not charged.
    case charge::yes:
      code = books->settle(x->hold, x->cost, t);
      break;
    case charge::no:
      code = books->release(x->hold, t);
      break;
    case charge::perhaps:
      code = books->doubt(x->hold, t + setup.store.doubt_grace, t,
                          x->seen.value_or(ledger::unseen));
      break;
    case charge::hardly:
      code = books->suspect(x->hold, t + books->lag().value(), t);
      break;
  }
  if (code == ec::ok && judged.charged == charge::yes)
    window->add(0, x->cost, t);
  refuses_asking = refuses_asking || x->report.refuses_asking;
  if (was_live) {
    limits->release();
    limits->give_back(x->unused_tokens, t);
    successes += judged.cls == failure_class::none;
    if (judged.cls == failure_class::none)
      limits->on_success();
    else if (judged.cls == failure_class::rate_limited)
      limits->on_throttle();
    else if (x->report.status == 0 && judged.charged == charge::perhaps)
      limits->on_timeout();
    condition->on_attempt(x->report, t, uniform(random));
    if (judged.action == account_action::low_balance)
      scarce.refused(x->held, judged.needed, t);
    // Whether the key is bad, or what is left, who else would know?
    if (judged.action == account_action::low_balance
        || judged.cls == failure_class::auth_invalid)
      ask_reading(t);
  }
  watch->of_model(x->report.model, x->report.guessed_price);
  persist(t, x->ack, x->token, x->result, x->record);
  publish(t);
}

void account_actor_state::cool(const cooldown_notice& x) {
  condition->cool(x.until, x.reason);
  const auto t = now();
  persist(t);
  publish(t);
}

reading_cut account_actor_state::cut() const {
  return books->cut(now());
}

void account_actor_state::reading(const balance_reading& x) {
  const auto t = now();
  if (x.figure > books->head().reading)
    scarce.clear(); // The same figure again is what it refused with.
  std::ignore = books->reading(x.figure, x.asked, t);
  watch->rules(books->lag().value(), setup.account.balance.quantum);
  if (condition->exhausted() && x.figure > setup.account.floor)
    condition->refunded();
  probe = {t, {}};
  persist(t);
  publish(t);
}

void account_actor_state::outcome(const probe_report& x) {
  probe = x; // The last figure stays: this says nothing about the money.
  if (x.against == failure_class::none
      || (x.against == failure_class::auth_invalid
          && !condition->is_key_doubted()))
    return; // Of a key that serves, its calls know more.
  condition->disable(x.against, x.error);
  const auto t = now();
  persist(t);
  publish(t);
}

caf::result<account_view> account_actor_state::administer(admin_state x) {
  admin_changed = admin_changed || admin != x;
  admin = x;
  if (x == admin_state::ready) {
    condition->reset();
    scarce.clear();
  }
  return confirm(now());
}

caf::result<account_view> account_actor_state::adjust(money x) {
  if (const auto after = money_sum{books->head().balance} + x;
      after > ledger::most || after < -ledger::most)
    return ec::wrong_state;
  // After this point, the correction must be booked.
  const auto t = now();
  books->adjust(x, t);
  if (x > money{})
    scarce.clear();
  if (condition->exhausted() && x > money{})
    condition->refunded();
  return confirm(t);
}

void account_actor_state::durable(uint64_t token) {
  if (const auto i = unconfirmed.find(token); i != unconfirmed.end())
    unconfirmed.extract(i).mapped().deliver(status());
}

void account_actor_state::configure(const account_setup_ptr& x) {
  setup = *x;
  books->rules(rules_of(setup));
  watch->rules(books->lag().value(), setup.account.balance.quantum);
  condition->options(x->health);
  condition->rekeyed();
  limits->options(limits_of(x->account));
  window->reach(x->least_used_window);
  const auto t = now();
  persist(t);
  publish(t);
}

void account_actor_state::tick() {
  const auto t = now();
  ticks.fired(t);
  const auto live = books->live();
  if (books->expire(t) > 0) {
    for (auto ended = live - books->live(); ended > 0; --ended)
      limits->release();
    persist(t);
  }
  publish(t);
}

// -- helpers ------------------------------------------------------------------

void account_actor_state::init(wall_clock wall, journal_actor disk,
                               dispatcher_actor pool,
                               account_setup_ptr options,
                               const account_memory& memory) {
  clock = wall;
  journal = std::move(disk);
  dispatcher = std::move(pool);
  setup = *options;
  const auto& account = setup.account;
  random.seed(memory.head.account.value + 1);
  limits.emplace(limits_of(account));
  window.emplace(setup.least_used_window);
  admin = memory.row ? memory.row->admin : account.admin;
  if (memory.row)
    condition.emplace(setup.health, *memory.row);
  else
    condition.emplace(setup.health);
  stored_revision = condition->revision();
  condition->rekeyed(); // Whoever restarts may have replaced it.
  const auto t = now();
  const auto row = memory.row.value_or(account_row{});
  if (memory.head.seq > 0)
    books.emplace(memory.head, rules_of(setup), memory.ended, row.posting_lag);
  else
    books.emplace(memory.head.account, account.name, rules_of(setup));
  stored_lag = books->lag().learnt();
  watch.emplace(books->lag().value(), account.balance.quantum, t, row);
  std::ignore = books->doubt_all(t + setup.store.doubt_grace, t);
  if (!books->head().funded && account.balance.initial)
    std::ignore = books->open(*account.balance.initial, t);
  persist(t);
  publish(t);
}

timestamp account_actor_state::now() const {
  return clock.at(self->clock().now());
}

void account_actor_state::ask_reading(timestamp t) {
  if (!setup.refresher || setup.account.balance.probe == probe_kind::none
      || (wanted_reading.millis != 0 && t - wanted_reading < reading_pause))
    return;
  wanted_reading = t;
  caf::anon_send(setup.refresher, atom::refresh_v, books->head().account);
}

caf::result<account_view> account_actor_state::confirm(timestamp t) {
  auto answer = self->make_response_promise<account_view>();
  unconfirmed.emplace(++next_token, answer);
  persist(t, durable_actor{self}, next_token);
  publish(t);
  return answer;
}

void account_actor_state::persist(timestamp t, durable_actor ack,
                                  uint64_t token, item_result_ptr result,
                                  usage_record_ptr record) {
  auto x = std::make_shared<commit>();
  x->entries = books->take_entries();
  watch->see(x->entries, t);
  const auto lag = books->lag().learnt();
  if (admin_changed || condition->revision() != stored_revision
      || watch->revision() != stored_watch || lag != stored_lag) {
    auto& row = x->account.emplace();
    row.account = books->head().account;
    row.admin = admin;
    condition->store(row);
    watch->prices().store(row);
    row.posting_lag = stored_lag = lag;
    admin_changed = false;
    stored_revision = condition->revision();
    stored_watch = watch->revision();
  }
  if (x->entries.empty() && !x->account && !result && !ack
      && !record)
    return;
  x->result = std::move(result);
  x->record = std::move(record);
  x->ack = std::move(ack);
  x->token = token;
  self->send(journal, atom::append_v, commit_ptr{std::move(x)});
}

account_actor::behavior_type
account(account_actor::stateful_pointer<account_actor_state> self,
        wall_clock clock, journal_actor journal, dispatcher_actor dispatcher,
        account_setup_ptr setup, account_memory memory) {
  const auto st = &self->state;
  guard(self);
  st->init(clock, std::move(journal), std::move(dispatcher), std::move(setup),
           memory);
  return {
    [st](atom::hold, const acquire_ptr& x) { return st->hold(x); },
    [st](atom::settle, const attempt_end_ptr& x) { st->settle(x); },
    [st](atom::cool, const cooldown_notice& x) { st->cool(x); },
    [st](atom::cut) { return st->cut(); },
    [st](atom::reading, const balance_reading& x) { st->reading(x); },
    [st](atom::outcome, const probe_report& x) { st->outcome(x); },
    [st](atom::administer, admin_state x) { return st->administer(x); },
    [st](atom::adjust, money x) { return st->adjust(x); },
    [st](atom::durable, uint64_t token) { st->durable(token); },
    [st](atom::configure, const account_setup_ptr& x) { st->configure(x); },
    [st](atom::tick) { st->tick(); },
    [st](atom::status) { return st->status(); },
  };
}

} // namespace rota
