// Jobs that wait for an account.

#include "actors/dispatcher.hpp"

#include <algorithm>

namespace rota {

namespace {

/// How often those that wait are looked at although nothing changed.
constexpr auto patrol = std::chrono::seconds{1};

/// Accounts that one patrol looks at for the sake of those that wait.
constexpr size_t looks_max = 200'000;

ec refusal_by(const account_state& x, bool free) {
  return free ? x.free_refusal : x.refusal;
}

} // namespace

// -- handlers -----------------------------------------------------------------

void dispatcher_state::cancel(const job_id& x) {
  waiting.erase_first([&x](seeker& y) {
    if (y.work().id != x)
      return false;
    y.answer.deliver(caf::error{ec::cancelled});
    return true;
  });
  for (auto* y : asking)
    if (y->work().id == x)
      y->recalled = true;
}

void dispatcher_state::tick() {
  const auto t = now();
  waiting.erase_if([this, t](seeker& x) {
    const auto deadline = x.work().deadline;
    if (deadline.millis == 0 || deadline > t)
      return false;
    x.answer.deliver(refusal_of(x, ec::deadline_passed, t));
    return true;
  });
  if (!waiting.empty()) {
    serve(t);
    look_after_waiting(t);
  }
  save_tokens(t);
  self->delayed_send(self, patrol, atom::tick_v);
}

// -- helpers ------------------------------------------------------------------

no_pick
dispatcher_state::reason_of(const hold_request& x,
                            std::span<const account_id> excluded) const {
  auto result = look(x, excluded);
  if (halted != ec::ok && !is_free(x.work->route)
      && (result.why == ec::ok || may_wait(result.why, *x.work))) {
    result = {};
    result.why = halted;
  } else if (result.why == ec::ok) {
    // Somebody could, but it is a busy one's turn.
    result.why = ec::at_limit;
  }
  return result;
}

no_pick dispatcher_state::reason_of(const seeker& x) const {
  return reason_of(x.request(), x.excluded);
}

bool dispatcher_state::is_to_begin_anew(const acquire_request& x,
                                        const no_pick& none) const {
  return x.excluded.size() > x.refusing.size() && !none.is_soon
         && look(x.want, x.refusing).is_soon;
}

void dispatcher_state::place(seeker x, timestamp t) {
  if (stopping) {
    x.answer.deliver(caf::error{ec::stopping});
    return;
  }
  if (x.recalled) {
    x.answer.deliver(caf::error{ec::cancelled});
    return;
  }
  if (ask(x, t))
    return;
  const auto& work = x.work();
  const auto& lasting = x.want->excluded;
  // A line of a batch was accepted; how many there are, its batch bounds.
  const auto full
    = waiting.size() >= setup->routing.queue_max && !is_line(work.id);
  const auto line = line_of(x.request(), kept_by(x, t).value_or(account_id{}),
                            lasting);
  // To find out that it may wait is a look at all accounts, and most come when
  // many wait already.
  if (const auto* first = waiting.first_of(line);
      first != nullptr && x.excluded.size() == lasting.size()
      && is_no_more_than(x.request(), first->request())) {
    if (full) {
      x.answer.deliver(refusal_of(x, ec::queue_full, t));
      return;
    }
    waiting.push(line, std::move(x));
    return;
  }
  auto none = reason_of(x);
  if (none.early_at.millis != 0 && ask_early(x, none.early, t))
    return;
  // Who declined it just now may grant it later.
  if (none.why == ec::no_account && x.excluded.size() > lasting.size())
    none = reason_of(x.request(), lasting);
  // Whom it excludes may be the one that comes back: let it begin anew.
  if (is_to_begin_anew(*x.want, none)
      || (!x.excluded.empty() && is_line(work.id)
          && (none.why == ec::no_such_model || none.why == ec::no_such_tag)))
    none.why = ec::no_account;
  note_refused(x, none.why);
  const auto waits = may_wait(none.why, work);
  if (!waits || is_hopeless(none, work.deadline) || full) {
    x.answer.deliver(
      refusal_of(x, waits && full ? ec::queue_full : none.why, t));
    return;
  }
  waiting.push(line, std::move(x));
}

void dispatcher_state::note_refused(seeker& x, ec why) {
  // One request that is too dear or names a model that nobody has, beside
  // accounts that serve, says nothing about the pool.
  if (why != ec::at_limit && why != halted && !ranks.is_alive()
      && !std::exchange(x.refused, true))
    ++refused;
}

void dispatcher_state::declined(seeker x, account_id from,
                                const caf::error& reason) {
  ++declines;
  const auto code = code_of(reason);
  if (code == ec::already_held || code == ec::already_ended) {
    x.answer.deliver(reason);
    return;
  }
  const auto free = is_free(x.work().route);
  const auto was_early = x.want->early;
  if (was_early) {
    auto plain = std::make_shared<acquire_request>(*x.want);
    plain->early = false;
    x.want = std::move(plain);
  }
  // Its fresh state has arrived before its word. A seeker that declines have
  // led round the whole pool waits for the next change.
  if (const auto it = members.find(from);
      was_early
      || (it != nullptr
          && refusal_by(it->account.said(), free) == ec::ok))
    x.excluded.push_back(from);
  place(std::move(x), now());
}

void dispatcher_state::serve(timestamp t, account_id changed) {
  // Each line in turn is the first.
  waiting.visit(served_at, waiting.lines(), [&](auto& line) {
    return serve(line, t, changed);
  });
}

bool dispatcher_state::serve(waiting_lines<seeker>::line& line, timestamp t,
                             account_id changed) {
  constexpr size_t looks_in_line = 16;
  const auto before = line.size();
  // Whom nobody serves: nor is served who takes no less than one of them.
  std::vector<demand> unserved;
  for (size_t at = 0; at < std::min(line.size(), looks_in_line);) {
    auto& x = line[at];
    const auto want = demand_of(x.request(), t);
    const auto is_no_less = [&want](const demand& y) {
      return want.list_cost >= y.list_cost && want.tokens >= y.tokens;
    };
    x.excluded = x.want->excluded;
    if (std::none_of(unserved.begin(), unserved.end(), is_no_less)) {
      if (ask(x, t) || ask_early(x, changed, t)) {
        line.erase(line.begin() + static_cast<ptrdiff_t>(at));
        continue;
      }
      unserved.push_back(want);
    }
    ++at;
  }
  return line.size() < before;
}

bool dispatcher_state::is_barred(const job& x, timestamp t) const {
  const auto* state = ranks.find(saved.account());
  return state != nullptr && !x.pinned && !is_free(x.route)
         && saved.bars(x.id, tokens_of(x), state->tokens, t);
}

std::optional<milliseconds>
dispatcher_state::wait_for_tokens(const seeker& x, account_id id,
                                  timestamp t) const {
  const auto want = demand_of(x.request(), t);
  const auto& lasting = x.want->excluded;
  const auto* state = ranks.find(id);
  // Be it busy, too: that ends by itself, and what is saved is not given up.
  if (state == nullptr
      || (state->refusal != ec::ok && state->refusal != ec::at_limit)
      || state->tokens.has(want.tokens, t)
      || ranks.check(id, want) != ec::at_limit
      || std::count(lasting.begin(), lasting.end(), id) > 0)
    return std::nullopt;
  return state->tokens.wait_for(want.tokens, t);
}

void dispatcher_state::save_tokens(timestamp t) {
  bool goes_on = false;
  waiting.for_each_first(looked_at, [&](const seeker& x) {
    goes_on = x.work().id == saved.job()
              && wait_for_tokens(x, saved.account(), t);
    return !goes_on;
  });
  if (goes_on)
    return;
  saved = {};
  auto looks = looks_at_pool();
  auto since = t - tokens_wait_max;
  waiting.for_each_first(looked_at, [&](const seeker& x) {
    const auto& work = x.work();
    if (x.since > since || work.pinned)
      return true;
    std::optional<milliseconds> soonest;
    members.for_each([&](account_id id, const member&) {
      const auto wait = wait_for_tokens(x, id, t);
      if (!wait || (soonest && *soonest <= *wait))
        return;
      soonest = wait;
      saved = {id, work.id, ranks.find(id)->tokens, t};
    });
    if (soonest)
      since = x.since; // Only for who waits longer yet.
    return --looks > 0;
  });
}

hold_request
dispatcher_state::least_of(const waiting_lines<seeker>::line& x) {
  const auto by_tokens = [](const seeker& a, const seeker& b) {
    return tokens_of(a.work()) < tokens_of(b.work());
  };
  auto result = std::min_element(x.begin(), x.end(), by_tokens)->request();
  for (const auto& y : x)
    result.list_cost = std::min(result.list_cost, y.request().list_cost);
  return result;
}

size_t dispatcher_state::looks_at_pool() const {
  return std::max<size_t>(1, looks_max / (members.size() + 1));
}

void dispatcher_state::look_after_waiting(timestamp t) {
  waiting.visit(looked_at, looks_at_pool(), [&](auto& line) {
    const auto want = least_of(line);
    const auto& first = *line.front().want;
    const auto none = reason_of(want, first.excluded);
    const auto anew = is_to_begin_anew(first, none);
    if (none.early_at.millis != 0 && ask_early(line.front(), none.early, t))
      line.pop_front();
    std::erase_if(line, [&](seeker& x) {
      if (!anew && !is_hopeless(none, x.work().deadline))
        return false;
      const auto why = anew ? ec::no_account : none.why;
      note_refused(x, why);
      x.answer.deliver(refusal_of(x, why, t));
      return true;
    });
    return true;
  });
}

} // namespace rota
