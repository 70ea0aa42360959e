// The clients' books beside those of real accounts: the CLIENTS actor sees what
// they append to the journal.

#include "actors/clients.hpp"

#include "tests/actors/pool_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr client_id alice{1};
constexpr client_id bob{2};
// A job of 100 tokens in and out, and what good() comes to.
constexpr money estimate{1'100'000};
constexpr money cost{210'000};

journal_actor::behavior_type tee(journal_actor::pointer self,
                                 journal_actor disk, clients_actor reader) {
  return {[=](atom::append, const commit_ptr& x) {
    self->send(reader, atom::append_v, x);
    self->send(disk, atom::append_v, x);
  }};
}

using answers = std::shared_ptr<std::vector<admittance>>;

admittance_actor::behavior_type door(admittance_actor::pointer, answers log) {
  return {[log](atom::admit, const admittance& x) { log->push_back(x); }};
}

struct fixture : pool_fixture {
  answers said = std::make_shared<std::vector<admittance>>();
  admittance_actor waiting = sys.spawn(door, said);
  journal_actor disk = journal;
  clients_actor it = sys.spawn(clients, clock, set_up(money{10'000'000}));

  fixture() {
    journal = sys.spawn(tee, disk, it);
  }

  ~fixture() {
    end(it, waiting, disk);
  }

  static clients_setup_ptr set_up(std::optional<money> cap,
                                  std::vector<open_hold> holds = {}) {
    auto result = std::make_shared<clients_setup>();
    client_options options;
    options.name = "alice";
    options.cap.day = cap;
    result->members.push_back(
      {client_head{alice, "alice", 0, {}, 0, {}, 0, {}, {}}, options,
       std::move(holds)});
    return result;
  }

  client_view view() {
    return std::get<client_views_ptr>(
             ask<client_views_ptr>(it, atom::status_v))
      ->at(0);
  }

  static job_ptr request(uint64_t item, client_id client = alice) {
    auto x = std::make_shared<job>(*line(item));
    x->id = {{}, item, client};
    x->attempt_base = 256;
    return x;
  }

  client_refusal admit(const job_ptr& x) {
    auto wish = std::make_shared<admission_request>();
    wish->want = {x->id, 200, estimate};
    wish->reply_to = waiting;
    self->send(it, atom::admit_v, admission_ptr{std::move(wish)});
    run();
    return said->back().why;
  }

  void answer_with(const upstream_outcome& x) {
    script->answer = [x](const upstream_request&) { return x; };
  }

  void end_job(uint64_t item) {
    self->send(it, atom::dismiss_v, job_id{{}, item, alice});
    run();
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "what accounts book is what clients spent",
                 "[clients]") {
  add("a", 10);
  answer_with(good());
  for (uint64_t i = 1; i <= 3; ++i) {
    REQUIRE(admit(request(i)) == client_refusal::none);
    CHECK(said->back().job == job_id{{}, i, alice});
    start(request(i));
    run();
    end_job(i);
  }
  start(line(7)); // Nobody's business here.
  start(request(8, bob)); // And somebody's who is not known.
  run();
  const auto x = view();
  CHECK(x.calls == 3);
  CHECK(x.spent == money{3 * cost.nanos});
  CHECK(x.day_spent == x.spent);
  CHECK(x.held == money{});
  CHECK(x.in_flight == 0);
}

TEST_CASE_METHOD(fixture, "requests at once never exceed a cap", "[clients]") {
  auto wide = options("a", money{10'000'000'000});
  wide.account.max_in_flight = 100;
  add(wide);
  uint64_t served = 0;
  for (uint64_t i = 1; i <= 20; ++i)
    if (admit(request(i)) == client_refusal::none) {
      ++served;
      start(request(i));
      run();
    } else {
      CHECK(said->back().why == client_refusal::held);
    }
  CHECK(served == 9); // Of 1.1 each, within 10.
  CHECK(view().held == money{9 * estimate.nanos});
  CHECK(view().refused == 11);
  while (!script->open.empty()) {
    script->finish(script->open.front()->token, good());
    run();
    end_job(script->calls.size() - script->open.size());
  }
  CHECK(view().held == money{});
  CHECK(view().spent == money{9 * cost.nanos});
}

TEST_CASE_METHOD(fixture, "a call in doubt stays held until it is assumed",
                 "[clients]") {
  add("a", 10);
  upstream_outcome broken;
  broken.ended = transport::broken;
  broken.error = "The connection broke.";
  answer_with(broken);
  setup->routing.attempts = 1;
  REQUIRE(admit(request(1)) == client_refusal::none);
  start(request(1));
  run();
  end_job(1);
  CHECK(view().held == estimate);
  CHECK(view().in_doubt == estimate);
  CHECK(view().spent == money{});
  advance(3'700s);
  CHECK(view().held == money{});
  CHECK(view().spent == estimate);
}

TEST_CASE_METHOD(fixture, "a reload keeps what is known", "[clients]") {
  add("a", 10);
  answer_with(good());
  REQUIRE(admit(request(1)) == client_refusal::none);
  start(request(1));
  run();
  self->send(it, atom::configure_v, set_up(money{1'200'000}, {{}}));
  run();
  CHECK(view().spent == cost);
  CHECK(view().day_cap == money{1'200'000});
  CHECK(view().held == estimate); // Its job has not ended.
  CHECK(admit(request(2)) == client_refusal::day_cap);
  self->send(it, atom::configure_v, std::make_shared<const clients_setup>());
  run();
  CHECK(std::get<client_views_ptr>(ask<client_views_ptr>(it, atom::status_v))
          ->empty());
  end_job(1); // Of a client that is gone.
  self->send(it, atom::configure_v, set_up({}));
  run();
  CHECK(view().spent == cost);
  CHECK(view().held == money{});
}
