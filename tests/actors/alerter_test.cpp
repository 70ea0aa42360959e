#include "actors/alerter.hpp"

#include "tests/actors/pool_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

using alert_log = std::shared_ptr<std::vector<alert>>;

notifier_actor::behavior_type fake_notifier(notifier_actor::pointer,
                                            alert_log log) {
  return {[log](atom::notify, const alert& x) { log->push_back(x); }};
}

struct fixture : pool_fixture {
  alert_log alerts = std::make_shared<std::vector<alert>>();
  notifier_actor notifier = sys.spawn(fake_notifier, alerts);
  alerter_actor it = sys.spawn(alerter, clock, pool, notifier, alert_options{});

  ~fixture() {
    end(it, notifier);
  }

  std::vector<std::string> edges() {
    std::vector<std::string> result;
    for (const auto& x : *alerts)
      result.push_back(to_string(x.kind) + ' ' + to_string(x.state));
    alerts->clear();
    return result;
  }
};

using strings = std::vector<std::string>;

} // namespace

TEST_CASE_METHOD(fixture, "low money is said once, and so is its end",
                 "[alerter]") {
  add("a", 10);
  advance(30s);
  CHECK(edges() == strings{});
  ask<account_view>(accounts["a"], atom::adjust_v, money{-8'000'000'000});
  advance(30s);
  REQUIRE(alerts->size() == 1);
  CHECK(alerts->at(0).account == "a");
  CHECK(alerts->at(0).available == money{2'000'000'000});
  CHECK(edges() == strings{"account.low firing"});
  ask<account_view>(accounts["a"], atom::adjust_v, money{8'000'000'000});
  advance(30s);
  CHECK(edges() == strings{"account.low resolved"});
}

TEST_CASE_METHOD(fixture, "all accounts failing raises one alarm",
                 "[alerter]") {
  add("a", 30);
  add("b", 20);
  add("c", 10);
  advance(10s);
  script->answer = [](const auto&) {
    return bad(500, R"({"error":{"message":"oops","type":"server_error"}})");
  };
  for (uint64_t i = 0; i < 10; ++i)
    start(line(i));
  for (int i = 0; i < 7'200 && owned->finished.size() < 10; ++i)
    advance(1s);
  CHECK(owned->finished.size() == 10);
  advance(10s);
  const auto said = edges();
  CHECK(std::count(said.begin(), said.end(), "pool.all_failed firing") == 1);
  CHECK(std::count(said.begin(), said.end(), "account.ejected firing") >= 1);
  // They recover.
  script->answer = [](const auto&) { return good(); };
  advance(400s);
  for (uint64_t i = 10; i < 20; ++i)
    start(line(i));
  advance(60s);
  CHECK(owned->finished.size() == 20);
  const auto after = edges();
  CHECK(std::count(after.begin(), after.end(), "pool.all_failed resolved")
        == 1);
}
