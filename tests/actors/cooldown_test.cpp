// Failures that concern more than the account that they were met at.

#include "tests/actors/dispatcher_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

struct fixture : dispatcher_fixture {
  /// A pool of three, `a` first; `a` and `b` are of one host.
  void add_three() {
    for (const auto& [name, dollars] : {std::pair{"a", 30LL}, {"b", 20LL}}) {
      auto x = options(name, money{dollars * 1'000'000'000});
      x.account.base_url = "http://same.test";
      x.account.kind = provider::new_api;
      add(x);
    }
    auto c = options("c", money{10'000'000'000});
    c.account.kind = provider::new_api;
    add(c);
  }

  /// Until further notice `a` is answered so.
  void have_a_say(const upstream_outcome& x) {
    script->answer = [this, x](const upstream_request& y) {
      return y.account == ids["a"] ? x : good();
    };
  }

  /// Adds a rule that is asked before those that ship.
  void judge_by(const std::string& rule) {
    const auto mine = parse_failure_rules("rules:\n" + rule);
    REQUIRE(mine.faults.empty());
    auto all = mine.rules;
    const auto shipped = parse_failure_rules(built_in_failure_rules()).rules;
    all.insert(all.end(), shipped.begin(), shipped.end());
    setup->rules = std::make_shared<const failure_rules>(std::move(all));
  }

  std::vector<std::string> cooling() {
    std::vector<std::string> result;
    for (const auto& [name, _] : accounts)
      if (view(name).cooldown_until > now())
        result.push_back(name);
    return result;
  }
};

using names = std::vector<std::string>;

} // namespace

TEST_CASE_METHOD(fixture, "a failure of the host rests its accounts alone",
                 "[cooldown]") {
  add_three();
  // A wall of the site, as the rules that ship know it: a 429 of nothing.
  have_a_say(upstream_script::reply(429, ""));
  CHECK(serve(1) == "c");
  CHECK(script->calls.size() == 2); // b was not asked.
  CHECK(cooling() == names{"a", "b"});
  CHECK(view("b").cooldown_until == now() + 1min);
  CHECK(view("b").reason == view("a").reason);
  CHECK(serve(3) == "ccc");
  // After that time b serves; a comes up to a fifth later, and first then.
  script->answer = [](const auto&) { return good(); };
  advance(59s);
  CHECK(serve(1) == "c");
  advance(2s);
  CHECK(cooling() != names{"a", "b"});
  CHECK(serve(1) == (cooling().empty() ? "a" : "b"));
  advance(11s);
  CHECK(cooling().empty());
  CHECK(serve(2) == "aa");
}

TEST_CASE_METHOD(fixture, "a failure of the pool rests all of it",
                 "[cooldown]") {
  judge_by("- {name: outage, statuses: [418], class: overloaded, scope: pool,"
           " cooldown: 30s}\n");
  add_three();
  have_a_say(bad(418, "{}"));
  start(line(next++));
  run();
  CHECK(script->calls.size() == 1); // Nobody else was asked.
  CHECK(cooling() == names{"a", "b", "c"});
  CHECK(view("a").cooldown_until >= now() + 30s); // Up to a fifth later.
  for (const auto& name : {"b", "c"})
    CHECK(view(name).cooldown_until == now() + 30s);
  start(line(next++));
  advance(29s);
  CHECK(script->calls.size() == 1);
  CHECK(owned->finished.empty());
  // Both wait, and are served once it is over.
  script->answer = [](const auto&) { return good(); };
  advance(2s);
  REQUIRE(owned->finished.size() == 2);
  for (const auto& x : owned->finished)
    CHECK(x->state == item_state::succeeded);
  CHECK(script->calls.size() == 3);
}
