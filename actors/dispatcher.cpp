#include "actors/dispatcher.hpp"

#include "actors/account.hpp"
#include "actors/domain/account_class.hpp"
#include "actors/domain/dialect.hpp"
#include "actors/support.hpp"

#include <algorithm>
#include <type_traits>

namespace rota {

namespace {

/// An ACCOUNT with its state. Where 100,000 are used in turn each is in no
/// cache, and is fetched while the one before it is asked.
constexpr size_t account_bytes = sizeof(
  std::remove_pointer_t<account_actor::stateful_pointer<account_actor_state>>);
static_assert(account_bytes < 6'000, "too much to be fetched at once");

} // namespace

// -- handlers -----------------------------------------------------------------

caf::result<lease> dispatcher_state::acquire(const acquire_ptr& x) {
  if (stopping)
    return ec::stopping;
  const auto t = now();
  // Lines of a batch may wait: they are sent again by and by.
  if (x->want.work->deadline.millis != 0) {
    if (!x->again)
      retries.on_request(t);
    else if (!retries.take(t))
      return ec::retries_spent;
  }
  auto answer = self->make_response_promise<lease>();
  place(seeker{x, answer, x->excluded, t}, t);
  return answer;
}

void dispatcher_state::publish(const account_state& x) {
  const auto found = members.find(x.account);
  if (found == nullptr || !found->account.publish(x))
    return;
  rank(*found);
  const auto serves = x.refusal == ec::ok || x.free_refusal == ec::ok;
  if (waiting.empty() || (!serves && x.early_at.millis == 0))
    return;
  if (const auto t = now(); serves || x.early_at <= t)
    serve(t, x.account);
}

void dispatcher_state::cool(const cooldown_notice& x) {
  const auto from = members.find(x.account);
  if (from == nullptr)
    return;
  members.for_each([&](account_id, const member& it) {
    if (x.scope == failure_scope::pool || it.about.host == from->about.host)
      self->send(it.about.actor, atom::cool_v, x);
  });
}

void dispatcher_state::exhausted(const job_id&) {
  ++refused;
}

outlook dispatcher_state::recovery(const acquire_ptr& x) const {
  const auto none = look(x->want, x->excluded);
  return {none.is_soon ? now() : none.earliest, none.why};
}

void dispatcher_state::enlist(const enlistment& x) {
  members[x.account].about = x;
  account_abilities abilities;
  abilities.account = x.account;
  abilities.surfaces = surfaces_of(x.kind);
  abilities.models = x.models;
  std::sort(abilities.models.begin(), abilities.models.end());
  abilities.tags = x.tags;
  std::sort(abilities.tags.begin(), abilities.tags.end());
  ranks.enlist(std::move(abilities));
  // What it published before it was known here is lost: let it say it again.
  self->send(x.actor, atom::tick_v);
}

void dispatcher_state::dismiss(account_id x) {
  members.erase(x);
  ranks.dismiss(x);
}

void dispatcher_state::configure(const routing_setup_ptr& x) {
  if (!setup || setup->routing.by != x->routing.by)
    ranks.reorder(x->routing.by);
  retries.limits(x->routing.retry_percent, x->routing.retries_per_second);
  sessions.limits(x->routing.affinity_ttl, x->routing.affinity_sessions);
  setup = x;
}

void dispatcher_state::halt(const halt_notice& x) {
  halted = x.why;
  serve(now());
}

void dispatcher_state::drain() {
  stopping = true;
  waiting.erase_if([](seeker& x) {
    x.answer.deliver(caf::error{ec::stopping});
    return true;
  });
}

// -- helpers ------------------------------------------------------------------

timestamp dispatcher_state::now() const {
  return clock.at(self->clock().now());
}

bool dispatcher_state::ask(seeker& x, timestamp t) {
  if (halted != ec::ok && !is_free(x.work().route))
    return false;
  const auto barred = is_barred(x.work(), t);
  if (barred)
    x.excluded.push_back(saved.account());
  const auto chosen = choose(x, t);
  if (barred)
    x.excluded.pop_back();
  if (chosen)
    ask_account(x, *chosen, t);
  return chosen.has_value();
}

bool dispatcher_state::ask_early(seeker& x, account_id id, timestamp t) {
  if (const auto pinned = x.work().pinned; pinned && *pinned != id)
    return false;
  const auto want = demand_of(x.request(), t);
  // A line has time, and tries are counted: whether a site has the model again,
  // a request finds out.
  if (const auto* state = ranks.find(id);
      state == nullptr
      || (is_line(x.work().id) && is_missing(*state, want.model)))
    return false;
  const auto at = ranks.early_at(id, want);
  if (halted != ec::ok || at.millis == 0 || at > t
      || std::count(x.excluded.begin(), x.excluded.end(), id) > 0
      || members[id].account.is_asked() // Its word is awaited.
      || ranks.is_served(want))
    return false;
  auto early = std::make_shared<acquire_request>(*x.want);
  early->early = true;
  x.want = std::move(early);
  ask_account(x, id, t);
  return true;
}

void dispatcher_state::fetch_behind(account_id x) const {
  const auto next = ranks.behind(x);
  const auto* it = next ? members.find(*next) : nullptr;
  if (it == nullptr)
    return;
  if (const auto far = ranks.behind(*next)) {
    ranks.prefetch(*far);
    members.prefetch(*far);
  }
  prefetch(it->about.actor, account_bytes);
}

void dispatcher_state::ask_account(seeker& x, account_id id, timestamp t) {
  x.why = record_of(x, id, ec::ok, t);
  if (x.work().id == saved.job())
    saved = {};
  sessions.bind(x.work().session, id, t);
  auto& it = members[id];
  fetch_behind(id);
  ranks.granted(id);
  it.account.ask(x.request());
  rank(it);
  auto shared = std::make_shared<seeker>(std::move(x));
  shared->asking_at = asking.size();
  asking.push_back(shared.get());
  self
    ->request(it.about.actor, caf::infinite, atom::hold_v, shared->want)
    .then(
      [this, shared, actor = it.about.actor](const hold_grant& grant,
                                             const account_state& state) {
        publish(state);
        ++granted;
        answered(*shared);
        // Even if it has left the pool meanwhile: the hold is made, and a
        // second one of this name would be another account's. Who recalled it
        // gives it back.
        shared->answer.deliver(lease{grant, actor, std::move(shared->why)});
      },
      [this, shared, id](const caf::error& reason) {
        answered(*shared);
        declined(std::move(*shared), id, reason);
      });
}

void dispatcher_state::answered(const seeker& x) {
  asking.back()->asking_at = x.asking_at;
  asking[x.asking_at] = asking.back();
  asking.pop_back();
}

void dispatcher_state::rank(const member& x) {
  if (x.account.said().version > 0)
    ranks.update(x.account.expected());
}

dispatcher_actor::behavior_type
dispatcher(dispatcher_actor::stateful_pointer<dispatcher_state> self,
           wall_clock clock, routing_setup_ptr setup) {
  const auto st = &self->state;
  guard(self);
  st->clock = clock;
  st->configure(setup);
  st->tick();
  return {
    [st](atom::acquire, const acquire_ptr& x) { return st->acquire(x); },
    [st](atom::cancel, const job_id& x) { st->cancel(x); },
    [st](atom::publish, const account_state& x) { st->publish(x); },
    [st](atom::cool, const cooldown_notice& x) { st->cool(x); },
    [st](atom::exhausted, const job_id& x) { st->exhausted(x); },
    [st](atom::recovery, const acquire_ptr& x) { return st->recovery(x); },
    [st](atom::enlist, const enlistment& x) { st->enlist(x); },
    [st](atom::dismiss, account_id x) { st->dismiss(x); },
    [st](atom::configure, const routing_setup_ptr& x) { st->configure(x); },
    [st](atom::halt, const halt_notice& x) { st->halt(x); },
    [st](atom::drain) { st->drain(); },
    [st](atom::accounts) { return st->accounts(); },
    [st](atom::tick) { st->tick(); },
    [st](atom::status) { return st->status(); },
    [st](atom::status, const waiting_question& x) {
      return st->waiting_of(x);
    },
  };
}

} // namespace rota
