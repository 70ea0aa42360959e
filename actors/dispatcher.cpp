#include "actors/dispatcher.hpp"

#include "actors/domain/dialect.hpp"
#include "actors/support.hpp"

#include <algorithm>
#include <numeric>

namespace rota {

namespace {

/// How often those that wait are looked at although nothing changed.
constexpr auto patrol = std::chrono::seconds{1};

/// An ACCOUNT with its state has about so many bytes. Where 100,000 are used in
/// turn each is in no cache; fetching it while the ranking is brought up to
/// date saves a sixth of a pick's time.
constexpr size_t account_bytes = 2'688;

bool waits_for(ec why) {
  switch (why) {
    case ec::at_limit:
    case ec::cooling:
    case ec::insufficient_funds:
    case ec::balance_unknown:
    case ec::reading_stale:
    case ec::ejected:
    case ec::not_ready:
    case ec::disk_low:
      return true;
    default:
      return false;
  }
}

} // namespace

// -- handlers -----------------------------------------------------------------

caf::result<lease> dispatcher_state::acquire(const acquire_ptr& x) {
  if (stopping)
    return ec::stopping;
  // Lines of a batch may wait: they are sent again by and by.
  if (x->want.work->deadline.millis != 0) {
    if (!x->again)
      retries.on_request(now());
    else if (!retries.take(now()))
      return ec::retries_spent;
  }
  auto answer = self->make_response_promise<lease>();
  place(seeker{x, answer, x->excluded, now()});
  return answer;
}

void dispatcher_state::cancel(const job_id& x) {
  for (auto& [key, line] : lines) {
    const auto i = std::find_if(line.begin(), line.end(), [&x](auto& y) {
      return y.want->want.work->id == x;
    });
    if (i == line.end())
      continue;
    i->answer.deliver(caf::error{ec::cancelled});
    line.erase(i);
    --waiting;
    return;
  }
}

void dispatcher_state::publish(const account_state& x) {
  const auto found = members.find(x.account);
  if (found == nullptr || x.version < found->state.version)
    return;
  auto& it = *found;
  it.state = x;
  const size_t open = it.asks > x.answered ? it.asks - x.answered : 0;
  const auto told = it.asked.begin()
                    + static_cast<ptrdiff_t>(
                      it.asked.size() - std::min(it.asked.size(), open));
  it.asked_cost -= std::accumulate(it.asked.begin(), told, money{});
  it.asked.erase(it.asked.begin(), told);
  rank(it);
  if (waiting > 0 && x.refusal == ec::ok)
    serve();
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

timestamp dispatcher_state::recovery(const acquire_ptr& x) const {
  const auto none = x->want.work->pinned
                      ? reason_of_pinned(x->want, x->excluded)
                      : ranks.explain(demand_of(x->want), x->excluded);
  if (none.is_soon)
    return now();
  return none.earliest;
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
  serve();
}

void dispatcher_state::drain() {
  stopping = true;
  for (auto& [key, line] : lines)
    for (auto& x : line)
      x.answer.deliver(caf::error{ec::stopping});
  lines.clear();
  waiting = 0;
}

void dispatcher_state::tick() {
  const auto t = now();
  for (auto& [key, line] : lines) {
    std::erase_if(line, [this, t](seeker& x) {
      const auto deadline = x.want->want.work->deadline;
      if (deadline.millis == 0 || deadline > t)
        return false;
      x.answer.deliver(caf::error{ec::deadline_passed});
      --waiting;
      return true;
    });
  }
  if (waiting > 0)
    serve();
  self->delayed_send(self, patrol, atom::tick_v);
}

// -- helpers ------------------------------------------------------------------

timestamp dispatcher_state::now() const {
  return clock.at(self->clock().now());
}

bool dispatcher_state::ask(seeker& x) {
  if (halted != ec::ok && !is_free(x.want->want.work->route))
    return false;
  const auto chosen = choose(x);
  if (!chosen)
    return false;
  const auto id = *chosen;
  sessions.bind(x.want->want.work->session, id, now());
  auto& it = members[id];
  prefetch(it.about.actor, account_bytes);
  ranks.granted(id);
  ++it.asks;
  it.asked.push_back(x.want->want.list_cost);
  it.asked_cost += it.asked.back();
  rank(it);
  auto shared = std::make_shared<seeker>(std::move(x));
  self
    ->request(it.about.actor, caf::infinite, atom::hold_v, shared->want)
    .then(
      [this, shared, actor = it.about.actor](const hold_grant& grant) {
        ++granted;
        // Even if it has left the pool meanwhile: the hold is made, and a
        // second one of this name would be another account's.
        shared->answer.deliver(lease{grant, actor});
      },
      [this, shared, id](const caf::error& reason) {
        declined(std::move(*shared), id, reason);
      });
  return true;
}

no_pick dispatcher_state::reason_of(const seeker& x) const {
  auto result = x.want->want.work->pinned
                  ? reason_of_pinned(x.want->want, x.excluded)
                  : ranks.explain(demand_of(x.want->want), x.excluded);
  if (halted != ec::ok && !is_free(x.want->want.work->route)
      && (result.why == ec::ok || waits_for(result.why)))
    return {halted, {}, false};
  if (result.why == ec::ok) // Somebody could, but it is a busy one's turn.
    result.why = ec::at_limit;
  return result;
}

void dispatcher_state::place(seeker x) {
  if (stopping) {
    x.answer.deliver(caf::error{ec::stopping});
    return;
  }
  if (ask(x))
    return;
  const auto none = reason_of(x);
  const auto& work = *x.want->want.work;
  const auto hopeless = work.deadline.millis != 0 && !none.is_soon
                        && (none.earliest.millis == 0
                            || none.earliest > work.deadline);
  const auto full = waiting >= setup->routing.queue_max;
  if (none.why != ec::at_limit && none.why != halted
      && !std::exchange(x.refused, true))
    ++refused;
  if (!waits_for(none.why) || hopeless || full) {
    x.answer.deliver(
      caf::error{waits_for(none.why) && full ? ec::queue_full : none.why});
    return;
  }
  ++waiting;
  const auto line = line_key{work.route, work.model, work.tags,
                             kept_by(x).value_or(account_id{})};
  lines[line].push_back(std::move(x));
}

void dispatcher_state::declined(seeker x, account_id from,
                                const caf::error& reason) {
  ++declines;
  const auto code = code_of(reason);
  if (code == ec::already_held || code == ec::already_ended) {
    x.answer.deliver(reason);
    return;
  }
  // Its fresh state has arrived before its word. A seeker that declines have
  // led round the whole pool waits for the next change.
  if (const auto it = members.find(from);
      it != nullptr && it->state.refusal == ec::ok)
    x.excluded.push_back(from);
  place(std::move(x));
}

void dispatcher_state::rank(const member& x) {
  if (x.state.version == 0)
    return; // It has not said anything yet.
  auto expected = x.state;
  expected.available -= x.asked_cost;
  expected.headroom -= x.asked_cost;
  expected.in_flight += static_cast<uint32_t>(x.asked.size());
  expected.window_calls += x.asked.size();
  if (expected.refusal == ec::ok && expected.in_flight >= expected.limit)
    expected.refusal = ec::at_limit;
  ranks.update(expected);
}

void dispatcher_state::serve() {
  for (auto i = lines.begin(); i != lines.end();) {
    auto& line = i->second;
    while (!line.empty()) {
      line.front().excluded = line.front().want->excluded;
      if (!ask(line.front()))
        break;
      line.pop_front();
      --waiting;
    }
    i = line.empty() ? lines.erase(i) : std::next(i);
  }
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
