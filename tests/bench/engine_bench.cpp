// What a pick, a hold and a settlement cost through the real actors, with 10 to
// 100,000 accounts. The journal is replaced by a counter; everything else is
// what rotad runs. Usage: engine_bench [pairs [accounts [explain]]]; with the
// last, picks are told of as they are for the records of requests.

#include "actors/account.hpp"
#include "actors/dispatcher.hpp"
#include "runtime/engine/hosted.hpp"
#include "runtime/engine/loop.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <future>
#include <string_view>

namespace {

using namespace rota;

struct bench_config : caf::actor_system_config {
  bench_config() {
    add_message_types<caf::id_block::rota_types>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", size_t{1});
    set("logger.verbosity", caf::atom("quiet"));
  }
};

struct counter_state {
  static constexpr const char* name = "counter";
  uint64_t entries = 0;
};

journal_actor::behavior_type
counting_journal(journal_actor::stateful_pointer<counter_state> self,
                 uint64_t begin) {
  self->state.entries = begin;
  return {[self](atom::append, const commit_ptr& x) {
    self->state.entries += x->entries.size();
  }};
}

using driver_actor = caf::typed_actor<caf::reacts_to<atom::tick>>;

struct driver_state {
  static constexpr const char* name = "driver";
  uint64_t round = 0;
  uint64_t started = 0;
  dispatcher_actor pool;
  uint64_t ended = 0;
  uint64_t wanted = 0;
  std::promise<void>* done = nullptr;
  std::string model = "gpt-5-mini";
  bool explain = false;
};

void next(driver_actor::stateful_pointer<driver_state> self) {
  auto& st = self->state;
  auto work = std::make_shared<job>();
  work->id = {{st.round + 1}, st.started++};
  work->model = st.model;
  auto request = std::make_shared<acquire_request>();
  request->want = {work, 1, money{1'000'000}};
  request->explain = st.explain;
  self->request(st.pool, caf::infinite, atom::acquire_v, acquire_ptr{request})
    .then(
      [self](const lease& x) {
        auto end = std::make_shared<attempt_end>();
        end->hold = x.grant.hold;
        end->report.judged.charged = charge::yes;
        end->report.model = self->state.model;
        end->report.first_byte = milliseconds{5};
        end->cost = money{700'000};
        self->send(x.account, atom::settle_v, attempt_end_ptr{end});
        auto& st = self->state;
        if (++st.ended == st.wanted)
          st.done->set_value();
        else if (st.started < st.wanted)
          next(self);
      },
      [](const caf::error& x) {
        std::fprintf(stderr, "declined: %s\n",
                     explain(code_of(x)).c_str());
        std::exit(1);
      });
}

driver_actor::behavior_type
driver(driver_actor::stateful_pointer<driver_state> self,
       dispatcher_actor pool, uint64_t round, uint64_t wanted,
       std::promise<void>* done, bool explain) {
  self->state.explain = explain;
  self->state.round = round;
  self->state.pool = std::move(pool);
  self->state.wanted = wanted;
  self->state.done = done;
  return {[self](atom::tick) { next(self); }};
}

/// Holds and settles `pairs` times, `window` at a time.
void run(caf::actor_system& sys, engine_loop& loop, const dispatcher_actor& pool,
         uint64_t round, size_t window, uint64_t pairs, bool explain) {
  std::promise<void> done;
  const auto drive = spawn_hosted(sys, &loop, driver, pool, round,
                                  std::max<uint64_t>(pairs, window), &done,
                                  explain);
  for (size_t i = 0; i < window; ++i)
    caf::anon_send(drive, atom::tick_v);
  done.get_future().wait();
  caf::anon_send_exit(drive, caf::exit_reason::user_shutdown);
}

double cpu_seconds() {
  rusage x{};
  getrusage(RUSAGE_SELF, &x);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(x.ru_utime) + seconds(x.ru_stime);
}

struct figures {
  double cpu_us = 0;
  double per_second = 0;
};

figures measure(size_t accounts, size_t window, uint64_t pairs, strategy by,
                bool explain) {
  engine_loop loop;
  figures result;
  {
    bench_config cfg;
    caf::actor_system sys{cfg};
    loop.attach(sys);
    loop.start();
    const wall_clock clock{timestamp{1'795'000'000'000},
                           std::chrono::steady_clock::now()};
    auto setup = std::make_shared<routing_setup>();
    setup->routing.by = strategy::least_recently_used;
    const auto journal = spawn_hosted(sys, &loop, counting_journal, uint64_t{0});
    const auto pool = spawn_hosted(sys, &loop, dispatcher, clock,
                                   routing_setup_ptr{setup});
    std::vector<account_actor> members;
    for (size_t i = 0; i < accounts; ++i) {
      auto options = std::make_shared<account_setup>();
      options->account.name = "account-" + std::to_string(i);
      options->account.kind = provider::new_api;
      options->account.base_url = "http://127.0.0.1:1";
      // Balances lie anywhere within a hundred dollars.
      options->account.balance.initial
        = money{1'000'000'000'000
                + static_cast<int64_t>(i * 7919 % 100'003) * 1'000'000};
      options->account.max_in_flight = 1'000;
      account_memory memory;
      memory.head.account = {static_cast<uint32_t>(i + 1)};
      memory.head.name = options->account.name;
      members.push_back(spawn_hosted(sys, &loop, account, clock, journal, pool,
                                     account_setup_ptr{options}, memory));
      caf::anon_send(pool, atom::enlist_v,
                     enlistment{memory.head.account, memory.head.name,
                                options->account.kind, "127.0.0.1:1", {}, {},
                                members.back()});
    }
    { // All have published once this is answered.
      caf::scoped_actor self{sys, true};
      self->request(pool, caf::infinite, atom::accounts_v)
        .receive([](const account_views_ptr&) {}, [](const caf::error&) {});
    }
    // Every account has been used before: that is how a daemon lives.
    run(sys, loop, pool, 0, window, 2 * accounts, false);
    auto wanted = std::make_shared<routing_setup>();
    wanted->routing.by = by;
    caf::anon_send(pool, atom::configure_v, routing_setup_ptr{wanted});
    const auto cpu = cpu_seconds();
    const auto begin = std::chrono::steady_clock::now();
    run(sys, loop, pool, 1, window, pairs, explain);
    const std::chrono::duration<double> took
      = std::chrono::steady_clock::now() - begin;
    result.cpu_us = (cpu_seconds() - cpu) * 1e6 / static_cast<double>(pairs);
    result.per_second = static_cast<double>(pairs) / took.count();
    for (const auto& x : members)
      caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(pool, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(journal, caf::exit_reason::user_shutdown);
    loop.await_actors();
  }
  loop.stop();
  return result;
}

} // namespace

int main(int argc, char** argv) {
  const uint64_t pairs
    = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 500'000;
  std::vector<size_t> pools{10, 1'000, 10'000, 100'000};
  if (argc > 2)
    pools = {std::strtoull(argv[2], nullptr, 10)};
  const auto explain = argc > 3 && std::string_view{argv[3]} == "explain";
  std::printf("%-20s %9s %7s %14s %14s\n", "strategy", "accounts", "window",
              "CPU us/pair", "pairs/s");
  // The others use all accounts in turn: the worst case for caches.
  for (const auto by : {strategy::most_balance, strategy::least_used,
                        strategy::proportional})
    for (const auto accounts : pools) {
      const auto x = measure(accounts, 64, pairs, by, explain);
      std::printf("%-20s %9zu %7d %14.2f %14.0f\n", to_string(by).c_str(),
                  accounts, 64, x.cpu_us, x.per_second);
      std::fflush(stdout);
    }
}
