#include "tests/simulation/actor_world.hpp"

#include "actors/domain/doubtful_lines.hpp"
#include "actors/domain/ledger_fold.hpp"

#include <algorithm>
#include <memory>
#include <tuple>

namespace rota::simulation {

namespace {

/// Faults stop after so long at the latest.
constexpr milliseconds stormy{900'000};

/// Then everything must end within this, and what the calls take.
constexpr milliseconds liveness{7'200'000};

/// What a line waits for where few tokens are allowed in a minute.
constexpr milliseconds slowest{180'000};

constexpr money quantum{2'000};

/// Checks that alerts are edges: what fires was quiet before.
notifier_actor::behavior_type
simulated_notifier(notifier_actor::pointer, outside_ptr world) {
  auto firing = std::make_shared<std::set<std::pair<alert_kind, std::string>>>();
  return {[world, firing](atom::notify, const alert& x) {
    world->watch([&] {
      if (x.state == alert_state::firing)
        require(firing->emplace(x.kind, x.account).second, "alerts",
                "an alert fires that fires already");
      else
        require(firing->erase({x.kind, x.account}) == 1, "alerts",
                "an alert is resolved that does not fire");
    });
  }};
}

std::shared_ptr<routing_setup> make_setup(const actor_swarm& world) {
  auto result = std::make_shared<routing_setup>();
  auto parsed = parse_price_table(
    R"({"m": {"input_cost_per_token": 1e-04,
              "output_cost_per_token": 1e-02}})");
  result->prices = std::make_shared<const price_table>(std::move(parsed.table));
  result->rules = std::make_shared<const failure_rules>(
    parse_failure_rules(built_in_failure_rules()).rules);
  result->routing.attempts = world.attempts;
  result->routing.billed_attempts = world.billed_attempts;
  result->routing.queue_max = world.queue_max;
  result->routing.by = world.by;
  return result;
}

account_setup_ptr setup_of(const actor_swarm& world, account_id id) {
  auto x = std::make_shared<account_setup>();
  auto& account = x->account;
  account.name = "a" + std::to_string(id.value);
  // Odd ones share a host.
  account.base_url = id.value % 2 == 1 ? "http://odd.test"
                                       : "http://" + account.name + ".test";
  account.multiplier = factor{world.multiplier_ppm};
  account.floor = world.floor;
  account.max_in_flight = world.account_in_flight;
  account.requests_per_minute = world.requests_per_minute;
  account.tokens_per_minute = world.tokens_per_minute;
  account.balance.initial = world.balance;
  account.balance.probe = probe_kind::newapi_token;
  account.balance.posting_lag = world.lag;
  account.balance.quantum = quantum;
  x->store.doubt_grace = world.doubt_grace;
  x->health.eject_max = milliseconds{60'000};
  x->health.cooldown_max = milliseconds{60'000};
  return x;
}

std::string line_of(uint64_t item) {
  return R"({"custom_id":"id-)" + std::to_string(item)
         + R"(","method":"POST","url":"/v1/chat/completions","body":)"
           R"({"model":"m","max_tokens":100,"messages":[{"role":"user",)"
           R"("content":"hello"}]}})";
}

} // namespace

actor_world::actor_world(uint64_t seed)
  : there_{std::make_shared<outside>(seed)}, setup_{make_setup(there_->world)} {
  began_ = there_->now = now();
  for (int64_t i = 1; i <= there_->world.accounts; ++i) {
    const auto id = account_id{static_cast<uint32_t>(i)};
    there_->provider.open(id, there_->world.balance, quantum);
    there_->accounts.emplace(
      id, account_auditor{id, there_->provider,
                          {there_->world.floor, there_->world.lag, quantum}});
    there_->accounts.at(id).clock(there_->now, {});
  }
  for (int64_t i = 0; i < there_->world.lines; ++i)
    file_->lines.push_back(there_->random.permille(there_->world.bad_line)
                             ? std::string{"{"}
                             : line_of(static_cast<uint64_t>(i)));
  accept_batches();
  boot();
}

actor_world::~actor_world() {
  kill_all();
}

run_report actor_world::run() {
  auto& world = *there_;
  const auto ended = [&world](const auto& x) {
    return world.batches.ended(x.first);
  };
  while (!std::all_of(world.disk.batches.begin(), world.disk.batches.end(),
                      ended)) {
    step();
    const auto chance = static_cast<uint64_t>(world.calm ? 0 : world.world.crash);
    if (world.random.next() % 200'000 < chance) {
      if (world.random.permille(300))
        stop();
      crash();
    }
    const auto age = world.now - began_;
    if (!world.calm && age > stormy)
      calm_down();
    require(age < stormy + liveness
                    + (world.world.answer_most * 4 + slowest)
                        * world.world.lines * world.world.batches,
            "I6", "a batch does not end although all is well");
  }
  rest();
  return {black_box::instance().events(), (world.now - began_).count()};
}

// -- the daemon ---------------------------------------------------------------

void actor_world::accept_batches() {
  for (int64_t i = 1; i <= there_->world.batches; ++i) {
    batch_row row;
    row.id = batch_id{static_cast<uint64_t>(i)};
    row.total = file_->lines.size();
    row.created_at = there_->now;
    if (there_->fault(there_->world.once))
      row.options.policy = delivery::at_most_once;
    there_->disk.batches[row.id] = row;
    there_->batches.accepted(row, there_->world.max_in_flight,
                             there_->world.window, setup_->routing.attempts,
                             setup_->routing.billed_attempts);
  }
}

void actor_world::boot() {
  clock = wall_clock{timestamp{1'795'000'000'000} + there_->ahead, {}};
  const auto routing = routing_setup_ptr{setup_};
  journal_ = keep(journal_actor{sys.spawn(simulated_journal, there_)});
  upstream_ = keep(upstream_actor{sys.spawn(simulated_upstream, there_)});
  pool_ = keep(sys.spawn(dispatcher, clock, routing));
  refresh_options refreshing;
  refreshing.interval = there_->world.probe_interval;
  refresher_ = keep(sys.spawn(refresher, clock, upstream_, refreshing));
  const auto notifier = keep(sys.spawn(simulated_notifier, there_));
  keep(sys.spawn(alerter, clock, pool_, notifier, alert_options{}));
  boot_accounts();
  boot_batches();
}

void actor_world::boot_accounts() {
  heads_.clear();
  for (auto& [id, books] : there_->accounts) {
    account_memory memory;
    memory.head.account = id;
    for (const auto& x : there_->disk.entries[id])
      require(fold(memory.head, x), "I1", "the code cannot fold its entries");
    const auto setup = setup_of(there_->world, id);
    memory.head.name = setup->account.name;
    heads_.push_back(memory.head);
    if (there_->disk.rows.contains(id))
      memory.row = there_->disk.rows.at(id);
    const auto actor
      = keep(sys.spawn(account, clock, journal_, pool_, setup, memory));
    accounts_[id] = actor;
    enlist(id);
  }
}

void actor_world::enlist(account_id x) {
  const auto setup = setup_of(there_->world, x);
  const auto& options = setup->account;
  const auto& actor = accounts_.at(x);
  self->send(pool_, atom::enlist_v,
             enlistment{x, options.name, options.kind, options.base_url, {},
                        {}, actor});
  self->send(refresher_, atom::enlist_v,
             probe_target{x, options.name, options.base_url, options.balance,
                          actor});
}

void actor_world::boot_batches() {
  const auto spool = keep(sys.spawn(fake_spool, file_));
  batch_setup rules;
  rules.limits.max_in_flight = there_->world.max_in_flight;
  rules.limits.window = there_->world.window;
  rules.billed_attempts = there_->world.billed_attempts;
  batch_peers peers{spool, journal_, [this](job_ptr work, batch_actor owner) {
    there_->watch([&] { there_->batches.started(work->id); });
    return keep(sys.spawn(runner, clock,
                          runner_peers{pool_, upstream_, journal_},
                          routing_setup_ptr{setup_}, std::move(work),
                          std::move(owner)));
  }};
  const auto setup = std::make_shared<const batch_setup>(rules);
  std::vector<batch_row> rows;
  for (const auto& [id, row] : there_->disk.batches)
    rows.push_back(row);
  for (auto& row : note_doubtful_lines(rows, heads_,
                                       static_cast<uint32_t>(there_->run)))
    there_->disk.batches[row.id] = row;
  for (const auto& [id, row] : there_->disk.batches) {
    if (there_->batches.ended(id))
      continue;
    batch_resume from{row, {}, doubts_of(id, heads_)};
    for (const auto& [job, x] : there_->disk.results)
      if (job.batch == id && job.item >= row.cursor)
        from.ended.push_back({job.item, x->state, x->cost});
    batches_[id]
      = keep(sys.spawn(batch, clock, peers, setup, from,
                       static_cast<uint32_t>(there_->run * 256)));
  }
}

void actor_world::stop() {
  black_box::instance().note("the daemon is told to stop");
  caf::anon_send(pool_, atom::drain_v);
  for (const auto& [id, actor] : batches_)
    caf::anon_send(actor, atom::drain_v);
  const auto until = there_->now + there_->ms(0, 30'000);
  while (there_->now < until)
    step();
}

void actor_world::crash() {
  auto& world = *there_;
  const auto torn = world.random.permille(500);
  black_box::instance().note("the daemon crashes%s",
                             torn ? ", its last group is torn" : "");
  ++world.run; // From here on the dead are not heard.
  kill_all();
  world.lose(torn);
  for (const auto& [key, x] : world.there) // On their way already, or lost.
    if (x->request->method != "GET" && world.random.permille(500))
      std::ignore = serve(world, *x);
  world.there.clear();
  world.back.clear();
  let_time_go_on(world.ms(1, 60'000));
  if (world.fault(world.world.jump))
    world.ahead += world.ms(-3'600'000, 3'600'000);
  for (auto& [id, books] : world.accounts) {
    books.clock(world.now, world.ahead);
    books.restarted(world.disk.entries[id].size(),
                    world.disk.rows[id].posting_lag);
  }
  world.batches.restarted();
  boot();
}

void actor_world::kill_all() {
  for (const auto& x : alive_)
    self->send_exit(caf::actor_cast<caf::actor>(x), caf::exit_reason::kill);
  alive_.clear();
  accounts_.clear();
  batches_.clear();
  while (sched.try_run_once())
    ; // They die; whatever else they do, nobody hears it.
}

// -- the world ----------------------------------------------------------------

void actor_world::step() {
  auto& jobs = sched.jobs;
  if (jobs.empty()) {
    let_time_go_on(there_->ms(1, 1'000));
    strangers();
    operators();
  } else {
    std::swap(jobs.front(), jobs[there_->random.next() % jobs.size()]);
    sched.try_run_once();
    if (there_->random.permille(100))
      operators();
  }
  if (there_->found)
    throw *there_->found;
}

void actor_world::let_time_go_on(milliseconds t) {
  sched.advance_time(t);
  there_->now = now() - there_->ahead;
  for (auto& [id, books] : there_->accounts)
    books.clock(there_->now, there_->ahead);
}

void actor_world::strangers() {
  auto& world = *there_;
  if (!world.fault(world.world.stranger))
    return;
  const auto id = any_account();
  const auto amount = money{world.random.between(1, 8) * 1'000'000'000};
  black_box::instance().note("a stranger uses account %u", id.value);
  if (world.random.permille(500))
    world.provider.top_up(id, amount);
  else
    world.provider.charge(id, {money{amount.nanos / 4}, world.now,
                               world.shown_at(), false, {}});
}

void actor_world::operators() {
  auto& world = *there_;
  if (world.calm && world.random.permille(20)) // Keys are mended.
    caf::anon_send(accounts_.at(any_account()), atom::administer_v,
                   admin_state::ready);
  if (!world.fault(world.world.will))
    return;
  const auto id = any_account();
  const auto batch = world.random.permille(500) ? batches_.find(batch_id{1})
                                                : batches_.end();
  const auto what = world.random.below(batch == batches_.end() ? 7 : 11);
  black_box::instance().note("an operator does %lld",
                             static_cast<long long>(what));
  switch (what) {
    case 0:
      world.provider.top_up(id, money{5'000'000'000});
      caf::anon_send(accounts_.at(id), atom::adjust_v, money{5'000'000'000});
      break;
    case 1:
      caf::anon_send(accounts_.at(id), atom::administer_v, admin_state::drain);
      break;
    case 2:
      caf::anon_send(accounts_.at(id), atom::administer_v, admin_state::ready);
      break;
    case 3:
      caf::anon_send(refresher_, atom::refresh_v, id);
      break;
    case 4:
      caf::anon_send(pool_, atom::dismiss_v, id);
      break;
    case 5:
      enlist(id);
      break;
    case 6:
      caf::anon_send(accounts_.at(id), atom::configure_v,
                     setup_of(world.world, id));
      break;
    case 7:
      caf::anon_send(batch->second, atom::pause_v);
      break;
    case 8:
    case 9:
      caf::anon_send(batch->second, atom::resume_v);
      break;
    default:
      if (world.random.permille(100))
        caf::anon_send(batch->second, atom::cancel_v);
  }
}

void actor_world::calm_down() {
  auto& world = *there_;
  black_box::instance().note("faults stop");
  world.calm = true;
  for (const auto& [id, actor] : accounts_) {
    world.provider.top_up(id,
                          money{4'000'000'000 * world.world.lines * 2});
    caf::anon_send(actor, atom::administer_v, admin_state::ready);
    enlist(id);
  }
  for (const auto& [id, actor] : batches_)
    caf::anon_send(actor, atom::resume_v);
}

void actor_world::rest() {
  auto& world = *there_;
  black_box::instance().note("all batches have ended");
  world.calm = true;
  auto highest = milliseconds{0};
  auto lag = milliseconds{0};
  for (const auto& [id, books] : world.accounts) {
    highest = std::max(highest, books.latest_end() - world.now - world.ahead);
    lag = std::max(lag, books.lag());
  }
  const auto until = world.now + highest + lag + 5 * world.world.lag
                     + world.world.answer_most * 2 + world.world.disk_most * 2
                     + milliseconds{10'000};
  const auto live_on = [this, &world](timestamp t) {
    while (world.now < t || !sched.jobs.empty())
      step();
  };
  live_on(until);
  for (const auto& [id, books] : world.accounts)
    caf::anon_send(refresher_, atom::refresh_v, id);
  live_on(world.now + world.world.answer_most * 4
          + milliseconds{10'000});
  for (const auto& [id, books] : world.accounts)
    books.at_rest();
  world.batches.at_rest();
}

run_report run_actors(uint64_t seed) {
  black_box::instance().begin("actors", seed);
  auto world = std::make_unique<actor_world>(seed);
  try {
    return world->run();
  } catch (const violation&) {
    // Stopped in the middle, it may wait for an answer to itself for ever.
    std::ignore = world.release();
    throw;
  }
}

} // namespace rota::simulation
