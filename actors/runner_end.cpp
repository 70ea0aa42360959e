// How a RUNNER's job ends.

#include "actors/runner.hpp"

#include <utility>

namespace rota {

namespace {

/// Whether a job's failure is the pool's, not the caller's own.
bool may_be_served(const item_result& x, const verdict& last) {
  return x.state == item_state::failed
         && (last.cls == failure_class::none || last.failover);
}

} // namespace

void runner_state::give_back(item_result_ptr result) {
  attempt_end end;
  end.hold = held->grant.hold;
  end.held = held->grant.amount;
  end.is_free = is_free(work->route);
  end.unused_tokens = end.is_free ? 0 : work->estimate.total();
  // That nothing was sent says nothing about the account.
  end.report.judged.cls = failure_class::client_error;
  end.report.serial = held->grant.serial;
  end.report.model = work->model;
  end_attempt(std::move(end), std::move(result));
}

void runner_state::end_attempt(attempt_end end, item_result_ptr result) {
  const auto account = held->account;
  if (result && is_line(work->id)) {
    end.result = result;
    end.ack = durable_actor{owner};
    end.token = work->id.item;
  }
  held.reset();
  last_asked = account;
  sent = false;
  const auto is_known = result && is_complete(*result);
  if (is_known && !is_line(work->id))
    tell(result); // Somebody wants the answer: the books come second.
  if (result)
    end.record = record_of(*result);
  self->send(account, atom::settle_v,
             attempt_end_ptr{std::make_shared<attempt_end>(std::move(end))});
  if (!result) {
    tell_stage(false);
    return;
  }
  if (is_known && is_line(work->id))
    tell(std::move(result));
  if (is_known)
    return;
  finish(std::move(result));
}

void runner_state::end_without_hold(item_result_ptr result) {
  if (is_line(work->id)) {
    auto x = std::make_shared<commit>();
    x->result = result;
    x->ack = durable_actor{owner};
    x->token = work->id.item;
    self->send(peers.journal, atom::append_v, commit_ptr{std::move(x)});
  }
  store_record(record_of(*result));
  finish(std::move(result));
}

bool runner_state::is_complete(const item_result& x) const {
  return is_line(work->id) || !may_be_served(x, last_failure);
}

void runner_state::finish(item_result_ptr result) {
  if (is_complete(*result)) {
    tell(std::move(result));
    return;
  }
  // The job has ended: nothing starts any more.
  ask_outlook({}, [this, result](const outlook& x) {
    auto told = *result;
    told.retry_at = x.at;
    tell(std::make_shared<const item_result>(std::move(told)));
  });
}

void runner_state::ask_outlook(std::vector<account_id> without,
                               std::function<void(const outlook&)> f) {
  asking = true;
  auto question = std::make_shared<acquire_request>();
  question->want = {work, attempt(), list_cost};
  question->excluded = std::move(without);
  const auto ask = [this, question = acquire_ptr{question}, f] {
    self
      ->request(peers.dispatcher, caf::infinite, atom::recovery_v, question)
      .then(f, [f](const caf::error&) { f(outlook{}); });
  };
  if (!last_asked)
    return ask();
  // Once it answers, the dispatcher has heard how that went.
  self->request(last_asked, caf::infinite, atom::cut_v)
    .then([ask](const reading_cut&) { ask(); },
          [ask](const caf::error&) { ask(); });
}

void runner_state::tell(item_result_ptr result) {
  self->send(owner, atom::finish_v, std::move(result));
  self->quit();
}

void runner_state::tell_stage(bool holds) const {
  if (is_line(work->id))
    self->send(owner, atom::publish_v, job_stage{work->id, holds});
}

item_result runner_state::result_of(item_state state) const {
  item_result x;
  x.id = work->id;
  x.custom_id = work->custom_id;
  x.line = work->line;
  x.state = state;
  x.status = last_status;
  x.request_id = last_request_id;
  if (held) {
    x.account = held->grant.account_name;
    x.account_number = held->grant.account;
  }
  x.model = work->model;
  x.attempts = tries;
  x.cost = spent;
  x.at = now();
  if (state == item_state::failed && late) {
    x.error_code = to_string(ec::deadline_passed);
    x.error_text = last_failure.reason;
  } else if (state == item_state::failed
             && last_failure.cls != failure_class::none) {
    x.body = last_body;
    x.content_type = last_type;
    x.error_code = to_string(last_failure.cls);
    x.error_text = last_failure.reason;
    if (work->policy == delivery::at_most_once
        && last_failure.charged == charge::perhaps) {
      x.body.clear(); // Whatever it is, it is no answer.
      x.error_code = in_doubt_code;
      x.error_text = in_doubt_text(last_failure.reason);
    }
  } else if (state == item_state::cancelled) {
    x.error_code = "batch_cancelled";
    x.error_text = "The batch was cancelled before this line was served.";
  }
  return x;
}

void runner_state::look_ahead() {
  ask_outlook(refusing, [this](const outlook& x) {
    const auto hopeless
      = is_line(work->id) ? x.why == ec::no_account
                          : x.at.millis == 0 || x.at > work->deadline;
    declined(hopeless ? x.why : ec::no_account, hopeless);
  });
}

} // namespace rota
