#include "runtime/ask.hpp"
#include "runtime/engine/hosted.hpp"
#include "runtime/engine/loop.hpp"
#include "runtime/engine/program_pages.hpp"

#include "tests/support/catch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/all.hpp>

#include <atomic>
#include <fstream>
#include <future>
#include <string>

using namespace rota;
using namespace std::chrono_literals;

namespace {

using counter_actor
  = caf::typed_actor<caf::replies_to<caf::add_atom, int>::with<int>,
                     caf::replies_to<caf::get_atom>::with<bool>,
                     caf::reacts_to<caf::tick_atom>,
                     caf::reacts_to<caf::delete_atom>>;

struct counter_state {
  static constexpr const char* name = "counter";

  explicit counter_state(counter_actor::pointer self) : self{self} {
    // nop
  }

  ~counter_state() {
    if (ended != nullptr)
      ++*ended;
  }

  counter_actor::pointer self;
  int sum = 0;
  std::atomic<int>* ended = nullptr;
};

counter_actor::behavior_type
counter(counter_actor::stateful_pointer<counter_state> self,
        const engine_loop* loop, int start, std::atomic<int>* ended) {
  const auto st = &self->state;
  st->sum = start;
  st->ended = ended;
  return {
    [st](caf::add_atom, int x) { return st->sum += x; },
    [loop](caf::get_atom) { return loop != nullptr && loop->on_thread(); },
    // Without end: it always has one more message.
    [self](caf::tick_atom) { self->send(self, caf::tick_atom_v); },
    [self](caf::delete_atom) { self->quit(); },
  };
}

struct plain_state {
  static constexpr const char* name = "plain";
  int calls = 0;
};

caf::behavior plain(caf::stateful_actor<plain_state>* self) {
  return {[self](int x) { return x + ++self->state.calls; }};
}

struct config : caf::actor_system_config {
  config() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", size_t{1});
  }
};

struct fixture {
  engine_loop loop;
  config cfg;
  caf::actor_system sys{cfg};
  std::atomic<int> ended{0};

  fixture() {
    loop.attach(sys);
    loop.start();
  }

  ~fixture() {
    loop.await_actors();
  }

  template <class F>
  auto on_loop(F f) {
    auto task = std::packaged_task<decltype(f())()>{std::move(f)};
    auto result = task.get_future();
    loop.post([&task] { task(); });
    return result.get();
  }

  template <class T, class... Ts>
  T ask(const counter_actor& x, Ts... xs) {
    T result{};
    caf::scoped_actor self{sys};
    self->request(x, 10s, xs...)
      .receive([&](T y) { result = y; },
               [&](const caf::error& e) { FAIL(sys.render(e)); });
    return result;
  }

  void end(const counter_actor& x) {
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a hosted actor runs on the loop's thread",
                 "[engine]") {
  const auto x = spawn_hosted(sys, &loop, counter, &loop, 40, &ended);
  CHECK(ask<int>(x, caf::add_atom_v, 2) == 42);
  CHECK(ask<bool>(x, caf::get_atom_v));
  end(x);
}

TEST_CASE_METHOD(fixture, "without a unit an actor runs on the scheduler",
                 "[engine]") {
  const auto x = spawn_hosted(sys, nullptr, counter, &loop, 1, &ended);
  CHECK(ask<int>(x, caf::add_atom_v, 1) == 2);
  CHECK_FALSE(ask<bool>(x, caf::get_atom_v));
  end(x);
}

TEST_CASE_METHOD(fixture, "dynamic actors and default states are hosted too",
                 "[engine]") {
  const auto x = spawn_hosted(sys, &loop, plain);
  caf::scoped_actor self{sys};
  self->request(x, 10s, 1).receive([](int y) { CHECK(y == 2); },
                                   [](caf::error&) { FAIL("no answer"); });
  self->send_exit(x, caf::exit_reason::user_shutdown);
}

TEST_CASE_METHOD(fixture, "the loop's own thread spawns actors", "[engine]") {
  const auto x = on_loop(
    [this] { return spawn_hosted(sys, &loop, counter, &loop, 7, &ended); });
  CHECK(ask<int>(x, caf::add_atom_v, 1) == 8);
  CHECK(ask<bool>(x, caf::get_atom_v));
  end(x);
}

TEST_CASE_METHOD(fixture, "a message to a worker's actor leaves the loop",
                 "[engine]") {
  // CAF schedules a receiver on the sender's unit; the loop must not keep it.
  const auto guest = sys.spawn(counter, &loop, 0, &ended);
  auto relay = [](caf::event_based_actor* self, counter_actor to) {
    return caf::behavior{[self, to](caf::get_atom) {
      auto rp = self->make_response_promise<bool>();
      self->request(to, 10s, caf::get_atom_v)
        .then([rp](bool x) mutable { rp.deliver(x); },
              [rp](caf::error& e) mutable { rp.deliver(std::move(e)); });
      return rp;
    }};
  };
  const auto host = spawn_hosted(sys, &loop, relay, guest);
  caf::scoped_actor self{sys};
  for (int i = 0; i < 100; ++i)
    self->request(host, 10s, caf::get_atom_v)
      .receive([](bool on_loop) { CHECK_FALSE(on_loop); },
               [](caf::error&) { FAIL("no answer"); });
  end(guest);
  self->send_exit(host, caf::exit_reason::user_shutdown);
}

TEST_CASE_METHOD(fixture, "hosted actors die and are watched", "[engine]") {
  const auto x = spawn_hosted(sys, &loop, counter, &loop, 0, &ended);
  caf::scoped_actor self{sys};
  self->monitor(x);
  caf::anon_send(x, caf::delete_atom_v);
  self->receive([&](const caf::down_msg& down) {
    CHECK(down.source == x.address());
  });
  self->request(x, 10s, caf::add_atom_v, 1)
    .receive([](int) { FAIL("the dead answered"); },
             [](const caf::error& e) {
               CHECK(e == caf::sec::request_receiver_down);
             });
  CHECK(ended == 1);
}

TEST_CASE_METHOD(fixture, "many threads send to one hosted actor",
                 "[engine]") {
  const auto x = spawn_hosted(sys, &loop, counter, &loop, 0, &ended);
  auto send = [&] {
    for (int i = 0; i < 10'000; ++i)
      caf::anon_send(x, caf::add_atom_v, 1);
  };
  auto threads = std::vector<std::thread>{};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back(send);
  for (auto& t : threads)
    t.join();
  CHECK(ask<int>(x, caf::add_atom_v, 0) == 40'000);
  end(x);
}

TEST_CASE_METHOD(fixture, "delayed messages reach a hosted actor there",
                 "[engine]") {
  auto done = std::promise<bool>{};
  auto timer = [this, &done](caf::event_based_actor* self) {
    self->delayed_send(self, 1ms, caf::tick_atom_v);
    return caf::behavior{[this, self, &done](caf::tick_atom) {
      done.set_value(loop.on_thread());
      self->quit();
    }};
  };
  spawn_hosted(sys, &loop, timer);
  auto result = done.get_future();
  REQUIRE(result.wait_for(10s) == std::future_status::ready);
  CHECK(result.get());
}

TEST_CASE_METHOD(fixture, "endless actors do not starve what is posted",
                 "[engine]") {
  auto xs = std::vector<counter_actor>{};
  for (int i = 0; i < 100; ++i) {
    xs.push_back(spawn_hosted(sys, &loop, counter, &loop, 0, &ended));
    caf::anon_send(xs.back(), caf::tick_atom_v);
  }
  // Each of these waits behind the actors that are always ready.
  for (int i = 0; i < 50; ++i)
    CHECK(on_loop([this] { return loop.on_thread(); }));
  for (auto& x : xs)
    end(x);
  xs.clear();
  sys.await_all_actors_done();
  CHECK(ended == 100);
}

TEST_CASE("the caller's thread may run the loop", "[engine]") {
  engine_loop loop;
  auto calls = 0;
  loop.post([&] {
    ++calls;
    loop.post([&] {
      ++calls;
      loop.stop();
    });
  });
  loop.run();
  CHECK(calls == 2);
}

TEST_CASE("actors end before the loop does, whatever is queued", "[engine]") {
  // Again and again: the system must not go while an actor's end is under way.
  for (int round = 0; round < 100; ++round) {
    std::atomic<int> ended{0};
    {
      engine_loop loop;
      config cfg;
      caf::actor_system sys{cfg};
      loop.attach(sys);
      // Queued before the loop runs at all.
      for (int i = 0; i < 20; ++i) {
        const auto x = spawn_hosted(sys, &loop, counter, &loop, 0, &ended);
        caf::anon_send(x, caf::delete_atom_v);
      }
      loop.start();
      loop.await_actors();
    }
    REQUIRE(ended == 20);
  }
}

TEST_CASE("pages of program code go, and come back", "[engine]") {
  // Of files, in KiB; see proc(5).
  const auto resident = [] {
    std::ifstream status{"/proc/self/status"};
    size_t result = 0;
    for (std::string word; status >> word;)
      if (word == "RssFile:")
        status >> result;
    return result;
  };
  const auto before = resident();
  release_program_pages();
  const auto after = resident();
  INFO(before << " KiB before, " << after << " KiB after");
  REQUIRE(before > 0);
  CHECK(after < before * 3 / 4);
}

TEST_CASE("spawning a hosted actor is cheap", "[engine][.bench]") {
  std::atomic<int> ended{0};
  engine_loop loop;
  config cfg;
  caf::actor_system sys{cfg};
  loop.attach(sys);
  loop.start();
  constexpr auto rounds = 200'000;
  auto done = std::promise<std::chrono::nanoseconds>{};
  loop.post([&] {
    const auto start = std::chrono::steady_clock::now();
    // One at a time, as a runner is spawned per job: the queue holds few.
    auto step = std::make_shared<std::function<void(int)>>();
    *step = [&, start, step](int n) {
      for (int i = 0; i < 32; ++i)
        caf::anon_send(spawn_hosted(sys, &loop, counter, &loop, 0, &ended),
                       caf::delete_atom_v);
      if (n + 32 < rounds)
        loop.post([step, n] { (*step)(n + 32); });
      else
        loop.post([&, start, step] {
          loop.post([&, start] {
            done.set_value(std::chrono::steady_clock::now() - start);
          });
        });
    };
    (*step)(0);
  });
  const auto time = done.get_future().get();
  loop.await_actors();
  WARN("spawn + message + quit: " << time.count() / rounds << " ns, ended "
                                  << ended);
}

namespace {

/// Answers nobody before so many have been asked.
struct meeting {
  size_t guests = 0;
  std::vector<caf::typed_response_promise<bool>> asked;
};

using guest_actor
  = caf::typed_actor<caf::replies_to<caf::get_atom>::with<bool>>;

guest_actor::behavior_type guest(guest_actor::pointer self,
                                 std::shared_ptr<meeting> at) {
  return {[self, at](caf::get_atom) -> caf::result<bool> {
    auto answer = self->make_response_promise<bool>();
    at->asked.push_back(answer);
    if (at->asked.size() == at->guests)
      for (auto& x : at->asked)
        x.deliver(true);
    return answer;
  }};
}

} // namespace

TEST_CASE_METHOD(fixture, "those who are asked together need not take turns",
                 "[engine]") {
  const auto at = std::make_shared<meeting>();
  at->guests = 3;
  std::vector<guest_actor> all;
  while (all.size() < at->guests)
    all.push_back(spawn_hosted(sys, &loop, guest, at));
  const auto began = std::chrono::steady_clock::now();
  ask_all<bool>(sys, milliseconds{60'000}, all, caf::get_atom_v);
  CHECK(std::chrono::steady_clock::now() - began < 30s);
  CHECK(at->asked.size() == at->guests);
  for (const auto& x : all)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
}
