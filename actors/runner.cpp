#include "actors/runner.hpp"

#include "actors/domain/call_cost.hpp"
#include "actors/domain/dialect.hpp"
#include "actors/domain/include_usage.hpp"
#include "actors/support.hpp"
#include "messages/money_sum.hpp"

namespace rota {

// -- handlers -----------------------------------------------------------------

void runner_state::tick() {
  timed = false;
  go_on();
}

void runner_state::durable(uint64_t token) {
  durable_attempt = static_cast<uint32_t>(token);
  send_if_ready();
}

void runner_state::outcome(const call_outcome& x) {
  if (!sent || x.token != call_token())
    return;
  const auto& outcome = *x.outcome;
  attempt_end end;
  end.hold = held->grant.hold;
  end.held = held->grant.amount;
  end.report.judged
    = setup->rules->judge(held->grant.kind, work->route, outcome, now());
  if (outcome.late)
    end.report.judged = judged_late(std::move(end.report.judged), outcome.total,
                                    work->deadline - began);
  end.report.serial = held->grant.serial;
  end.report.model = work->model;
  end.report.status = outcome.status;
  end.report.first_byte = outcome.first_byte;
  end.report.total = outcome.total;
  end.report.refuses_asking
    = asks_for_usage() && refuses_asking(outcome.status, outcome.body);
  end.is_free = is_free(work->route);
  note_cost(end, outcome);
  note_answer(end, outcome);
  spent = saturated_sum(spent, end.cost);
  last_status = outcome.status;
  last_request_id = request_id_of(outcome);
  if (end.report.judged.cls == failure_class::none)
    succeeded(std::move(end), outcome);
  else
    failed(std::move(end), outcome);
}

void runner_state::cancel() {
  const auto again = std::exchange(cancelled, true);
  // Nobody would see what it still brings.
  if (sent && !is_line(work->id) && (again || !work->drains))
    self->send(peers.upstream, atom::cancel_v, call_token());
  if (!again)
    call_back();
}

void runner_state::pause() {
  resting = true;
  if (asking)
    call_back();
}

void runner_state::resume() {
  resting = false;
  go_on();
}

void runner_state::drain() {
  stopping = true;
  call_back();
}

// -- helpers ------------------------------------------------------------------

timestamp runner_state::now() const {
  return clock.at(self->clock().now());
}

void runner_state::go_on() {
  if (held || asking || timed)
    return;
  if (cancelled) {
    end_without_hold(std::make_shared<const item_result>(
      result_of(item_state::cancelled)));
  } else if (stopping) {
    if (draft)
      store_record(draft->finish(request_outcome::stopped,
                                 to_string(ec::stopping), now()));
    self->send(owner, atom::dismiss_v, work->id);
    self->quit();
  } else if (!resting) {
    acquire();
  }
}

void runner_state::call_back() {
  timed = false; // Its tick finds nothing to do.
  if (asking)
    self->send(peers.dispatcher, atom::cancel_v, work->id);
  else
    go_on();
}

void runner_state::acquire() {
  if (tries + 1 == attempts_per_run)
    return declined(ec::retries_spent); // The next number is another run's.
  asking = true;
  ++tries;
  auto request = std::make_shared<acquire_request>();
  request->want = {work, attempt(), list_cost};
  request->ack = durable_actor{self};
  request->excluded = excluded;
  request->refusing = refusing;
  request->overloaded = overloaded;
  request->again = budget->attempts() > 0;
  request->explain = draft.has_value();
  self
    ->request(peers.dispatcher, caf::infinite, atom::acquire_v,
              acquire_ptr{std::move(request)})
    .then([this](const lease& x) { granted(x); },
          [this](const caf::error& x) {
            note_refusal(x);
            const auto code = code_of(x);
            // Those that failed it may have recovered: only they may serve.
            if (code == ec::no_account && last_asked
                && (!is_line(work->id) || !refusing.empty()))
              look_ahead();
            else
              declined(code);
          });
}

void runner_state::granted(const lease& x) {
  asking = false;
  held = x;
  note_held(x);
  tell_stage(true);
  send_if_ready();
}

void runner_state::declined(ec why, bool hopeless) {
  asking = false;
  stopping = stopping || why == ec::stopping;
  if (cancelled || stopping || resting || why == ec::cancelled) {
    --tries; // Nothing was held under this number.
    go_on();
    return;
  }
  // With a deadline, only those that failed it already may have recovered.
  const auto final = hopeless || why == ec::no_such_model
                     || why == ec::no_such_tag
                     || why == ec::deadline_passed || why == ec::queue_full
                     || why == ec::retries_spent
                     || (work->deadline.millis != 0 && why != ec::no_account);
  if (!final && budget->after_refusal(now()) == next_step::wait) {
    --tries; // Nothing was held under this number.
    wait_and_retry();
    return;
  }
  if ((why == ec::no_account || hopeless) && is_of_pool(last_failure))
    self->send(peers.dispatcher, atom::exhausted_v, work->id);
  auto result = result_of(item_state::failed);
  if (last_failure.cls == failure_class::none
      || why == ec::no_such_model) {
    result.error_code = to_string(why);
    result.error_text = "No account could serve this line: " + explain(why)
                        + '.';
  }
  end_without_hold(std::make_shared<const item_result>(std::move(result)));
}

void runner_state::send_if_ready() {
  if (!held || durable_attempt != attempt() || sent)
    return;
  if (cancelled)
    return give_back(std::make_shared<const item_result>(
      result_of(item_state::cancelled)));
  if (resting || stopping) {
    give_back(nullptr);
    go_on();
    return;
  }
  const auto t = now();
  if (work->deadline.millis != 0 && t >= work->deadline) {
    // What befell it before says more than that no time is left.
    late = last_failure.cls == failure_class::none;
    return give_back(std::make_shared<const item_result>(
      result_of(item_state::failed)));
  }
  // After this point, the provider may charge.
  sent = true;
  if (draft)
    draft->sent(t);
  auto call = std::make_shared<upstream_call>();
  call->token = call_token();
  call->request = next_request(t);
  call->reply_to = outcome_actor{self};
  self->send(peers.upstream, atom::send_v, upstream_call_ptr{std::move(call)});
}

bool runner_state::may_repeat(const verdict& x, bool was_sent) const {
  if (work->policy == delivery::at_least_once || !was_sent)
    return true;
  // A site that failed may have served the request before it did.
  return x.charged == charge::no && x.cls != failure_class::upstream_error;
}

void runner_state::succeeded(attempt_end end, const upstream_outcome& x) {
  auto result = result_of(item_state::succeeded);
  result.body = x.body;
  result.content_type = x.header("content-type");
  result.used = end.report.used;
  end_attempt(std::move(end),
              std::make_shared<const item_result>(std::move(result)));
}

void runner_state::failed(attempt_end end, const upstream_outcome& x) {
  last_failure = end.report.judged;
  late = x.late;
  last_body = x.body;
  last_type = x.header("content-type");
  const auto was_sent = x.ended != transport::not_sent;
  const auto t = now();
  if (last_failure.scope == failure_scope::host
      || last_failure.scope == failure_scope::pool) {
    const auto until
      = t + last_failure.cooldown.value_or(std::chrono::seconds{60});
    self->send(peers.dispatcher, atom::cool_v,
               cooldown_notice{held->grant.account, last_failure.scope, until,
                               last_failure.reason});
  }
  const auto ours = end.report.refuses_asking; // No fault of the caller's.
  auto step = budget->after_failure(last_failure, was_sent, t);
  if (ours)
    step = next_step::elsewhere;
  if (cancelled || late || !may_repeat(last_failure, was_sent))
    step = next_step::give_up;
  if (step == next_step::give_up) {
    auto result = result_of(item_state::failed);
    result.used = end.report.used;
    if (is_of_pool(last_failure))
      self->send(peers.dispatcher, atom::exhausted_v, work->id);
    end_attempt(std::move(end),
                std::make_shared<const item_result>(std::move(result)));
    return;
  }
  unasked = unasked || ours;
  if (!ours)
    excluded.push_back(held->grant.account);
  if (is_lasting(last_failure))
    refusing.push_back(held->grant.account);
  if (last_failure.cls == failure_class::overloaded)
    overloaded.push_back(held->grant.account);
  end_attempt(std::move(end), nullptr);
  if (step == next_step::elsewhere)
    go_on();
  else
    wait_and_retry();
}

void runner_state::wait_and_retry() {
  // Whoever failed may have recovered by then.
  excluded = refusing;
  overloaded.clear();
  timed = true;
  self->delayed_send(self, budget->backoff(uniform(random)), atom::tick_v);
}

runner_actor::behavior_type
runner(runner_actor::stateful_pointer<runner_state> self, wall_clock clock,
       runner_peers peers, routing_setup_ptr setup, job_ptr work,
       job_owner_actor owner) {
  const auto st = &self->state;
  guard(self);
  st->clock = clock;
  st->peers = std::move(peers);
  st->setup = std::move(setup);
  st->work = std::move(work);
  st->began = st->now();
  st->list_cost = expected_cost(st->prices(), *st->work, factor{}, st->now());
  st->owner = std::move(owner);
  st->budget.emplace(st->setup->routing, st->work->deadline,
                     st->work->doubts);
  if (st->setup->records && st->work->arrived.millis != 0)
    st->draft.emplace(*st->work);
  st->random.seed(static_cast<uint32_t>(st->work->id.item * 2654435761u + 1));
  st->acquire();
  return {
    [st](atom::tick) { st->tick(); },
    [st](atom::durable, uint64_t token) { st->durable(token); },
    [st](atom::outcome, const call_outcome& x) { st->outcome(x); },
    [st](atom::cancel) { st->cancel(); },
    [st](atom::pause) { st->pause(); },
    [st](atom::resume) { st->resume(); },
    [st](atom::drain) { st->drain(); },
  };
}

} // namespace rota
