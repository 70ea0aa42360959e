// Jobs that wait for an account.

#include "actors/dispatcher.hpp"

#include <algorithm>

namespace rota {

namespace {

/// How often those that wait are looked at although nothing changed.
constexpr auto patrol = std::chrono::seconds{1};

/// Accounts that one patrol looks at for the sake of those that wait.
constexpr size_t looks_max = 200'000;

} // namespace

// -- handlers -----------------------------------------------------------------

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
  for (auto* y : asking)
    if (y->want->want.work->id == x)
      y->recalled = true;
}

void dispatcher_state::tick() {
  const auto t = now();
  for (auto& [key, line] : lines) {
    std::erase_if(line, [this, t](seeker& x) {
      const auto deadline = x.want->want.work->deadline;
      if (deadline.millis == 0 || deadline > t)
        return false;
      x.answer.deliver(refusal_of(x, ec::deadline_passed, t));
      --waiting;
      return true;
    });
  }
  if (waiting > 0)
    serve(t);
  if (waiting > 0)
    look_after_waiting(t);
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
  return reason_of(x.want->want, x.excluded);
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
  const auto& work = *x.want->want.work;
  const auto& lasting = x.want->excluded;
  // A line of a batch was accepted; how many there are, its batch bounds.
  const auto full
    = waiting >= setup->routing.queue_max && !is_accepted(work);
  const auto line = line_of(x.want->want, kept_by(x, t).value_or(account_id{}),
                            lasting);
  // To find out that it may wait is a look at all accounts, and most come when
  // many wait already.
  if (const auto i = lines.find(line);
      i != lines.end() && !i->second.empty()
      && x.excluded.size() == lasting.size()
      && is_no_more_than(x.want->want, i->second.front().want->want)) {
    if (full) {
      x.answer.deliver(refusal_of(x, ec::queue_full, t));
      return;
    }
    ++waiting;
    i->second.push_back(std::move(x));
    return;
  }
  auto none = reason_of(x);
  if (none.early_at.millis != 0 && ask_early(x, none.early, t))
    return;
  // Who declined it just now may grant it later.
  if (none.why == ec::no_account && x.excluded.size() > lasting.size())
    none = reason_of(x.want->want, lasting);
  // Whom it excludes may be the one that comes back: let it begin anew.
  if (is_to_begin_anew(*x.want, none)
      || (!x.excluded.empty() && is_accepted(work)
          && (none.why == ec::no_such_model || none.why == ec::no_such_tag)))
    none.why = ec::no_account;
  note_refused(x, none.why);
  const auto waits = may_wait(none.why, work);
  if (!waits || is_hopeless(none, work.deadline) || full) {
    x.answer.deliver(
      refusal_of(x, waits && full ? ec::queue_full : none.why, t));
    return;
  }
  ++waiting;
  lines[line].push_back(std::move(x));
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
  const auto free = is_free(x.want->want.work->route);
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
          && (free ? it->state.free_refusal : it->state.refusal) == ec::ok))
    x.excluded.push_back(from);
  place(std::move(x), now());
}

void dispatcher_state::serve(timestamp t, account_id changed) {
  // Each line in turn is the first.
  auto i = lines.upper_bound(served_at);
  for (auto left = lines.size(); left > 0; --left) {
    if (i == lines.end())
      i = lines.begin();
    if (serve(i->second, t, changed))
      served_at = i->first;
    i = i->second.empty() ? lines.erase(i) : std::next(i);
  }
}

bool dispatcher_state::serve(std::deque<seeker>& line, timestamp t,
                             account_id changed) {
  constexpr size_t looks_in_line = 16;
  const auto before = line.size();
  money least{INT64_MAX}; // Of those whom nobody serves: cheaper ones may be.
  for (size_t at = 0; at < std::min(line.size(), looks_in_line);) {
    auto& x = line[at];
    const auto cost = x.want->want.list_cost;
    x.excluded = x.want->excluded;
    if (cost < least && (ask(x, t) || ask_early(x, changed, t))) {
      line.erase(line.begin() + static_cast<ptrdiff_t>(at));
      --waiting;
      continue;
    }
    least = std::min(least, cost);
    ++at;
  }
  return line.size() < before;
}

std::optional<milliseconds>
dispatcher_state::wait_for_tokens(const seeker& x, account_id id,
                                  timestamp t) const {
  const auto want = demand_of(x.want->want, t);
  const auto& lasting = x.want->excluded;
  const auto* state = ranks.find(id);
  if (state == nullptr || state->refusal != ec::ok
      || state->tokens.has(want.tokens, t)
      || ranks.check(id, want) != ec::at_limit
      || std::count(lasting.begin(), lasting.end(), id) > 0)
    return std::nullopt;
  return state->tokens.wait_for(want.tokens, t);
}

void dispatcher_state::save_tokens(timestamp t) {
  const auto is_first = [this](const auto& x) {
    return !x.second.empty()
           && x.second.front().want->want.work->id == saved.job;
  };
  const auto kept = std::find_if(lines.begin(), lines.end(), is_first);
  if (kept != lines.end()
      && wait_for_tokens(kept->second.front(), saved.account, t))
    return; // Who saves for it goes on.
  saved = {};
  auto looks = std::max<size_t>(1, looks_max / (members.size() + 1));
  auto since = t - tokens_wait_max;
  auto i = lines.upper_bound(looked_at);
  for (auto left = lines.size(); left > 0 && looks > 0; --left, ++i) {
    if (i == lines.end())
      i = lines.begin();
    if (i->second.empty() || i->second.front().since > since
        || i->second.front().want->want.work->pinned)
      continue;
    --looks;
    const auto& x = i->second.front();
    std::optional<milliseconds> soonest;
    members.for_each([&](account_id id, const member&) {
      const auto wait = wait_for_tokens(x, id, t);
      if (!wait || (soonest && *soonest <= *wait))
        return;
      soonest = wait;
      saved = {id, x.want->want.work->id};
    });
    if (soonest)
      since = x.since; // Only for who waits longer yet.
  }
}

void dispatcher_state::look_after_waiting(timestamp t) {
  auto looks = std::max<size_t>(1, looks_max / (members.size() + 1));
  auto i = lines.upper_bound(looked_at);
  for (auto left = std::min(looks, lines.size()); left > 0; --left) {
    if (i == lines.end())
      i = lines.begin();
    looked_at = i->first;
    auto& line = i->second;
    // As the least demanding of them would be told.
    auto want = line.front().want->want;
    for (const auto& x : line)
      want.list_cost = std::min(want.list_cost, x.want->want.list_cost);
    const auto excluded = line.front().want->excluded;
    const auto none = reason_of(want, excluded);
    const auto anew = is_to_begin_anew(*line.front().want, none);
    if (none.early_at.millis != 0 && ask_early(line.front(), none.early, t)) {
      line.pop_front();
      --waiting;
    }
    std::erase_if(line, [&](seeker& x) {
      if (!anew && !is_hopeless(none, x.want->want.work->deadline))
        return false;
      const auto why = anew ? ec::no_account : none.why;
      note_refused(x, why);
      x.answer.deliver(refusal_of(x, why, t));
      --waiting;
      return true;
    });
    i = line.empty() ? lines.erase(i) : std::next(i);
    if (lines.empty())
      break;
  }
}

} // namespace rota
