#include "actors/batch.hpp"

#include "actors/support.hpp"
#include "messages/money_sum.hpp"

#include <algorithm>

namespace rota {

namespace {

/// How often progress is stored while it moves. A restart looks at the results
/// behind the stored cursor, so this bounds its work, not its correctness.
constexpr auto store_interval = std::chrono::seconds{1};

/// Lines asked for at once.
constexpr uint32_t block_lines = 256;

/// How long it waits before it reads lines again that could not be read: the
/// first time, and at most; twice as long each time.
constexpr milliseconds first_pause{1'000};
constexpr milliseconds longest_pause{60'000};

/// The token that acknowledges the last row, and the first of those for what
/// people changed; below are those of results, which are their items.
constexpr uint64_t last_token = UINT64_MAX;
constexpr uint64_t change_token = uint64_t{1} << 63;

} // namespace

// -- handlers -----------------------------------------------------------------

void batch_actor_state::durable(uint64_t token) {
  if (token == last_token) {
    self->quit();
    return;
  }
  if (token >= change_token) {
    if (const auto i = unconfirmed.find(token); i != unconfirmed.end())
      unconfirmed.extract(i).mapped().deliver(status());
    return;
  }
  const auto i = writing.find(token);
  if (i == writing.end()) {
    if (in_flight.contains(token))
      early.insert(token);
    return;
  }
  const auto ended = i->second;
  writing.erase(i);
  count(ended);
  fill();
  conclude();
}

void batch_actor_state::finish(const item_result_ptr& x) {
  const auto item = x->id.item;
  if (!take_out(item))
    return;
  const auto ended = ended_item{item, x->state, x->cost};
  if (early.erase(item) > 0)
    count(ended);
  else
    writing.emplace(item, ended);
  fill();
  conclude();
}

void batch_actor_state::dismiss(const job_id& x) {
  take_out(x.item);
  conclude();
}

void batch_actor_state::publish(const job_stage& x) {
  const auto i = in_flight.find(x.id.item);
  if (i == in_flight.end() || i->second.held == x.held)
    return;
  i->second.held = x.held;
  x.held ? ++held : --held;
}

caf::result<batch_view> batch_actor_state::drain() {
  if (concluded)
    return status(); // Its last row is with the journal.
  drained = self->make_response_promise<batch_view>();
  tell_runners(atom::drain_v);
  conclude();
  return *drained;
}

caf::result<batch_view> batch_actor_state::pause() {
  if (row.state != batch_state::running)
    return ec::wrong_state;
  auto answer = change(batch_state::paused);
  tell_runners(atom::pause_v);
  return answer;
}

caf::result<batch_view> batch_actor_state::resume() {
  if (row.state != batch_state::paused)
    return ec::wrong_state;
  auto answer = change(batch_state::running);
  tell_runners(atom::resume_v);
  broken.clear(); // Whoever resumes it may have mended the file.
  fill();
  return answer;
}

caf::result<batch_view> batch_actor_state::cancel() {
  if (row.state != batch_state::running && row.state != batch_state::paused)
    return ec::wrong_state;
  auto answer = change(batch_state::cancelling);
  tell_runners(atom::cancel_v);
  conclude();
  return answer;
}

void batch_actor_state::configure(const batch_setup_ptr& x) {
  setup = x;
  fill();
}

void batch_actor_state::tick() {
  if (row_changed)
    store();
  fill();
  self->delayed_send(self, store_interval, atom::tick_v);
}

batch_view batch_actor_state::status() const {
  batch_view x;
  x.row = row;
  x.counts = counts;
  x.in_flight = held + writing.size();
  x.ended_here = ended_here;
  x.running_for = now() - began;
  x.waiting_for = broken;
  return x;
}

// -- helpers ------------------------------------------------------------------

timestamp batch_actor_state::now() const {
  return clock.at(self->clock().now());
}

size_t batch_actor_state::max_in_flight() const {
  const auto own = row.options.max_in_flight;
  return own > 0 ? own : setup->limits.max_in_flight;
}

void batch_actor_state::fill() {
  // The cursor may have passed lines that an earlier run ended.
  next = std::max(next, row.cursor);
  while (row.state == batch_state::running && !drained
         && in_flight.size() < max_in_flight()
         && next < row.cursor + setup->limits.window && next < row.total) {
    if (ahead.contains(next)) { // An earlier run ended it.
      ++next;
      continue;
    }
    while (!blocks.empty()) {
      auto& [block, at] = blocks.front();
      while (at < block->lines.size() && block->lines[at].index < next)
        ++at;
      if (at < block->lines.size())
        break;
      blocks.pop_front();
    }
    if (blocks.empty())
      break;
    const auto [block, at] = blocks.front();
    start(block, block->lines[at]);
    ++next;
  }
  read_on();
}

bool batch_actor_state::take_out(uint64_t item) {
  const auto i = in_flight.find(item);
  if (i == in_flight.end())
    return false;
  held -= i->second.held;
  in_flight.erase(i);
  return true;
}

void batch_actor_state::read_on() {
  read_to = std::max(read_to, next);
  // Half a window ahead is enough: reading is much faster than serving.
  if (reading || read_to >= row.total || blocks.size() > 1
      || row.state != batch_state::running
      || (!broken.empty() && now() < read_again))
    return;
  reading = true;
  self
    ->request(peers.spool, caf::infinite, atom::read_v,
              lines_wanted{row.id, read_to, block_lines})
    .then([this](const line_block_ptr& x) { take_lines(x); },
          [this](const caf::error&) {
            reading = false;
            unreadable("the stored input file cannot be read");
          });
}

void batch_actor_state::take_lines(const line_block_ptr& x) {
  reading = false;
  if (!x->error.empty())
    return unreadable(x->error);
  if (x->lines.empty())
    return unreadable("the stored input file is shorter than it was");
  broken.clear();
  read_to = x->lines.back().index + 1;
  blocks.emplace_back(x, 0);
  fill();
}

void batch_actor_state::unreadable(std::string why) {
  read_pause = broken.empty() ? first_pause
                              : std::min(read_pause * 2, longest_pause);
  read_again = now() + read_pause;
  broken = std::move(why);
}

void batch_actor_state::count(const ended_item& x) {
  const auto add = [](batch_counts& to, const ended_item& y) {
    to.succeeded += y.state == item_state::succeeded;
    to.failed += y.state == item_state::failed;
    to.cancelled += y.state == item_state::cancelled;
    to.spent = saturated_sum(to.spent, y.spent);
  };
  if (x.item < row.cursor || !ahead.emplace(x.item, x).second)
    return; // It has been counted.
  add(counts, x);
  ++ended_here;
  row_changed = true;
  for (auto i = ahead.begin(); i != ahead.end() && i->first == row.cursor;) {
    add(row.ended, i->second);
    ++row.cursor;
    i = ahead.erase(i);
  }
  auto& doubtful = row.doubtful;
  doubtful.erase(doubtful.begin(), std::lower_bound(doubtful.begin(),
                                                    doubtful.end(),
                                                    row.cursor));
}

void batch_actor_state::conclude() {
  if (concluded || !in_flight.empty() || !writing.empty())
    return;
  if (drained) {
    concluded = true;
    store();
    drained->deliver(status());
    return;
  }
  if (row.cursor == row.total) {
    concluded = true;
    row.state = row.state == batch_state::cancelling && row.ended.cancelled > 0
                  ? batch_state::cancelled
                  : batch_state::completed;
  } else if (row.state == batch_state::cancelling) {
    concluded = true;
    row.state = batch_state::cancelled;
    // Lines that were never started have no results of their own.
    counts.cancelled += row.total - row.cursor - ahead.size();
    row.ended = counts;
  }
  if (!concluded)
    return;
  row.ended_at = now();
  store(last_token);
}

void batch_actor_state::store(std::optional<uint64_t> token) {
  auto x = std::make_shared<commit>();
  x->batch = row;
  if (token) {
    x->ack = durable_actor{self};
    x->token = *token;
  }
  row_changed = false;
  self->send(peers.journal, atom::append_v, commit_ptr{std::move(x)});
}

batch_actor_state::promise batch_actor_state::change(batch_state state) {
  row.state = state;
  const auto token = change_token + changes++;
  auto result = self->make_response_promise<batch_view>();
  unconfirmed.emplace(token, result);
  store(token);
  return result;
}

batch_actor::behavior_type
batch(batch_actor::stateful_pointer<batch_actor_state> self, wall_clock clock,
      batch_peers peers, batch_setup_ptr setup, batch_resume from,
      uint32_t attempt_base) {
  const auto st = &self->state;
  guard(self);
  st->clock = clock;
  st->peers = std::move(peers);
  st->setup = std::move(setup);
  st->row = std::move(from.row);
  st->attempt_base = attempt_base;
  st->counts = st->row.ended;
  st->began = st->now();
  for (const auto& x : from.ended)
    st->count(x);
  st->doubts = std::move(from.doubts);
  st->ended_here = 0;
  st->fill();
  st->conclude();
  self->delayed_send(self, store_interval, atom::tick_v);
  return {
    [st](atom::durable, uint64_t token) { st->durable(token); },
    [st](atom::finish, const item_result_ptr& x) { st->finish(x); },
    [st](atom::dismiss, const job_id& x) { st->dismiss(x); },
    [st](atom::publish, const job_stage& x) { st->publish(x); },
    [st](atom::drain) { return st->drain(); },
    [st](atom::pause) { return st->pause(); },
    [st](atom::resume) { return st->resume(); },
    [st](atom::cancel) { return st->cancel(); },
    [st](atom::configure, const batch_setup_ptr& x) { st->configure(x); },
    [st](atom::tick) { st->tick(); },
    [st](atom::status) { return st->status(); },
  };
}

} // namespace rota
