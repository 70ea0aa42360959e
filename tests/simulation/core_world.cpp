#include "tests/simulation/core_world.hpp"

#include <algorithm>
#include <array>

namespace rota::simulation {

namespace {

/// Faults stop after so long at the latest.
constexpr milliseconds stormy{7'200'000};

/// Then everything must end within this, and what the calls take.
constexpr milliseconds liveness{14'400'000};

long long shown(money x) {
  return static_cast<long long>(x.nanos);
}

} // namespace

core_world::core_world(uint64_t seed) : random_{seed}, world_{random_} {
  began_ = now_ = timestamp{1'795'000'000'000};
  for (int64_t i = 1; i <= world_.accounts; ++i) {
    const auto id = account_id{static_cast<uint32_t>(i)};
    // What the operator said it holds is what it holds.
    provider_.open(id, world_.balance, world_.quantum);
    accounts_.emplace_back(id, world_, provider_);
  }
  items_.assign(static_cast<size_t>(world_.items), fresh_item());
}

run_report core_world::run() {
  set_clock(now_);
  for (uint32_t i = 1; i <= accounts_.size(); ++i) {
    const auto id = account_id{i};
    store({at(id).begin(fold_all(id, {}), nullptr, 0), {}, {}});
    event x;
    x.account = id;
    x.kind = what::probe;
    plan(x, ms(0, 60'000));
    x.kind = what::stranger;
    plan(x, ms(0, 600'000));
    x.kind = what::will;
    plan(x, ms(0, 600'000));
  }
  start_items();
  const auto ended = [](const item_state& x) { return x.acknowledged; };
  while (!std::all_of(items_.begin(), items_.end(), ended)
         || !disk_.idle()) {
    const auto next = events_.top();
    events_.pop();
    set_clock(next.at);
    handle(next);
    if (fault(world_.crash) && random_.permille(100))
      crash();
    if (!calm_ && now_ - began_ > stormy)
      calm_down();
    require(now_ - began_
              < stormy + liveness + world_.total_timeout * world_.items,
            "I6",
            "an item does not end although all is well");
  }
  rest();
  return {black_box::instance().events(), (now_ - began_).count()};
}

void core_world::handle(const event& x) {
  const auto outside = x.kind == what::execute || x.kind == what::stranger
                       || x.kind == what::will || x.kind == what::probe;
  if (!outside && x.run != run_)
    return; // It died with its process.
  switch (x.kind) {
    case what::acquire:
      return acquire(x);
    case what::written:
      return written();
    case what::execute:
      return execute(x);
    case what::outcome:
      return outcome(x);
    case what::told:
      return told(x);
    case what::word:
      return word(x);
    case what::again: {
      black_box::instance().note("hold %s asked for again",
                                 to_string(x.hold).c_str());
      core_record record;
      at(x.account).hold(x.hold, x.amount, 100, record.commit);
      return store(std::move(record));
    }
    case what::tick:
      black_box::instance().note("tick of account %u", x.account.value);
      ticks_.erase(x.account);
      return store({at(x.account).tick(), {}, {}});
    case what::probe:
      return probe(x);
    case what::answer:
      return answer(x);
    case what::figure:
      return figure(x);
    case what::stranger:
      return stranger(x);
    case what::will:
      return will(x);
  }
}

void core_world::start_items() {
  while (under_way_ < world_.parallel && next_item_ < items_.size()) {
    const auto i = next_item_++;
    if (items_[i].acknowledged)
      continue;
    ++under_way_;
    event x;
    x.kind = what::acquire;
    x.item = i;
    plan(x, ms(0, 2'000));
  }
}

void core_world::acquire(const event& x) {
  auto& item = items_[x.item];
  ++item.tries;
  const auto id = hold_id{{batch_id{1}, x.item},
                          static_cast<uint32_t>(run_ * 256 + item.tries)};
  const auto amount = hold_amount(id);
  const auto first = random_.below(world_.accounts);
  // Where nobody serves, they are asked again as the last resort.
  for (int64_t i = 0; i < 2 * world_.accounts; ++i) {
    const auto account = account_id{
      static_cast<uint32_t>((first + i) % world_.accounts + 1)};
    const auto early = i >= world_.accounts;
    if (std::count(item.excluded.begin(), item.excluded.end(), account) > 0)
      continue;
    core_record record;
    if (!at(account).hold(id, amount, 100, record.commit, early))
      continue;
    black_box::instance().note("%s held %lld on account %u",
                               to_string(id).c_str(), shown(amount),
                               account.value);
    record.hold = id;
    if (fault(world_.duplicate)) {
      event again;
      again.kind = what::again;
      again.account = account;
      again.hold = id;
      again.amount = amount;
      plan(again, ms(0, 120'000));
    }
    return store(std::move(record));
  }
  --item.tries;
  item.excluded.clear();
  if (item.budget.after_refusal(now_ + ahead_) == next_step::wait)
    return plan(x, item.budget.backoff(random_.unit()));
  black_box::instance().note("item %llu gives up",
                             static_cast<unsigned long long>(x.item));
  item.ended = true;
  core_record record;
  record.commit.account = account_id{1};
  record.item = x.item;
  store(std::move(record));
}

void core_world::written() {
  for (const auto& x : disk_.end_write()) {
    if (x.hold) {
      auto& item = items_[x.hold->job.item];
      ++item.sent;
      require(item.sent <= 5 * routing_.attempts, "I10",
              "an item is sent more often than allowed");
      event call;
      call.kind = what::execute;
      call.account = x.commit.account;
      call.hold = *x.hold;
      plan(call, ms(5, world_.total_timeout.count() / 3));
    }
    if (x.item && !items_[*x.item].acknowledged) {
      items_[*x.item].acknowledged = true;
      --under_way_;
    }
  }
  start_items();
  store({});
}

void core_world::crash() {
  auto& box = black_box::instance();
  const auto torn = random_.permille(500);
  box.note("the daemon crashes%s", torn ? ", its last group is torn" : "");
  disk_.crash(torn);
  ++run_;
  ticks_.clear();
  set_clock(now_ + ms(0, 120'000));
  if (fault(world_.jump)) {
    ahead_ += ms(-7'200'000, 7'200'000);
    box.note("the wall clock is %lld ms ahead now",
             static_cast<long long>(ahead_.count()));
    set_clock(now_);
  }
  for (uint32_t i = 1; i <= accounts_.size(); ++i) {
    const auto id = account_id{i};
    const auto& kept = disk_.entries(id);
    store({at(id).begin(fold_all(id, kept), disk_.row(id), kept.size()), {},
           {}});
  }
  under_way_ = 0;
  next_item_ = 0;
  for (size_t i = 0; i < items_.size(); ++i) {
    const auto kept = disk_.has(i);
    require(kept || !items_[i].acknowledged, "I7",
            "an acknowledged result is gone");
    const auto acknowledged = kept;
    items_[i] = fresh_item();
    items_[i].acknowledged = acknowledged;
  }
  start_items();
}

void core_world::calm_down() {
  black_box::instance().note("faults stop");
  calm_ = true;
  for (uint32_t i = 1; i <= accounts_.size(); ++i) {
    const auto id = account_id{i};
    provider_.top_up(id, money{world_.call.nanos * world_.items * 4});
    store({at(id).reset(), {}, {}});
  }
}

void core_world::rest() {
  black_box::instance().note("all items have ended");
  calm_ = true;
  // What is still under way ends, late ends and doubts included; where the
  // wall clock was set back, what it was to end by that clock ends later.
  const auto until = std::max(now_, highest_wall_ - ahead_)
                     + world_.total_timeout * 3 + world_.hold_margin
                     + world_.doubt_grace * 2
                     + provider_books::lag_most * 2 + milliseconds{10'000};
  while (!events_.empty() && events_.top().at <= until) {
    const auto next = events_.top();
    events_.pop();
    set_clock(next.at);
    handle(next);
  }
  set_clock(until);
  for (auto& x : accounts_) {
    std::ignore = x.tick();
    const auto id = x.books().head().account;
    const auto figure = provider_.reported(id, now_);
    black_box::instance().note("account %u reads %lld at last", id.value,
                               shown(figure));
    std::ignore = x.reading(figure, x.books().cut(now_ + ahead_));
    x.at_rest();
  }
}

void core_world::store(core_record x) {
  const auto account = x.commit.account;
  if (!x.commit.entries.empty() || x.commit.row || x.hold || x.item)
    disk_.append(std::move(x));
  if (disk_.begin_write()) {
    event done;
    done.kind = what::written;
    plan(done, ms(1, std::max<int64_t>(1, world_.disk_most.count())));
  }
  if (account.value != 0)
    watch(account);
}

void core_world::watch(account_id x) {
  const auto next = at(x).next_tick();
  if (next.millis == 0)
    return;
  const auto i = ticks_.find(x);
  if (i != ticks_.end() && i->second <= next)
    return;
  ticks_[x] = next;
  event tick;
  tick.kind = what::tick;
  tick.account = x;
  plan(tick, std::max(next - now_, milliseconds{0}));
}

void core_world::plan(event x, milliseconds after) {
  x.at = now_ + after;
  x.order = order_++;
  x.run = run_;
  events_.push(x);
}

money core_world::hold_amount(const hold_id& x) {
  dice own{x.job.item * 1'000 + x.attempt};
  return money{own.between(1, world_.call.nanos)};
}

core_world::item_state core_world::fresh_item() const {
  return {retry_budget{routing_, {}}, 0, 0, 0, 0, false, false, {}};
}

void core_world::set_clock(timestamp t) {
  now_ = t;
  highest_wall_ = std::max(highest_wall_, now_ + ahead_);
  for (auto& x : accounts_)
    x.clock(now_, ahead_);
}

run_report run_core(uint64_t seed) {
  black_box::instance().begin("core", seed);
  return core_world{seed}.run();
}

} // namespace rota::simulation
