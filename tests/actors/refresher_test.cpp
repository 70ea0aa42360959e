#include "actors/refresher.hpp"

#include "tests/actors/pool_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr auto token_usage
  = R"({"code":true,"message":"ok","data":{"object":"token_usage","name":"k",)"
    R"("total_granted":5000000,"total_used":1250000,"total_available":3750000,)"
    R"("unlimited_quota":false,"expires_at":0}})";

struct fixture : pool_fixture {
  refresh_options options;
  refresher_actor it = sys.spawn(refresher, clock, upstream, refresh_options{});

  ~fixture() {
    end(it);
  }

  void probe(const std::string& name, const std::string& host) {
    probe_target x;
    x.account = ids[name];
    x.name = name;
    x.host = host;
    x.balance.probe = probe_kind::newapi_token;
    x.actor = accounts[name];
    self->send(it, atom::enlist_v, x);
    run();
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a reading reaches its account", "[refresher]") {
  add("a", 10);
  probe("a", "h");
  script->answer = [](const upstream_request& x) {
    CHECK(x.method == "GET");
    CHECK(x.path == "/api/usage/token/");
    return bad(200, token_usage);
  };
  advance(3s);
  REQUIRE(script->calls.size() == 1);
  CHECK(view("a").reading == money{7'500'000'000});
  CHECK(view("a").available == money{7'500'000'000});
  advance(360s);
  CHECK(script->calls.size() == 2);
}

TEST_CASE_METHOD(fixture, "a failed probe never changes the money",
                 "[refresher]") {
  add("a", 10);
  probe("a", "h");
  for (const auto& reply :
       {bad(500, "{}"), bad(200, "<html>"), bad(401, R"({"success":false})"),
        upstream_script::failure(transport::timed_out, "late")}) {
    script->answer = [&](const upstream_request&) { return reply; };
    advance(3'000s);
  }
  CHECK(script->calls.size() >= 4);
  CHECK(view("a").available == money{10'000'000'000});
}

TEST_CASE_METHOD(fixture, "one host is asked a few at a time", "[refresher]") {
  for (const auto* name : {"a", "b", "c", "d", "e"}) {
    add(name, 10);
    probe(name, "same");
  }
  script->answer = [](const auto&) { return std::nullopt; };
  advance(5s);
  CHECK(script->open.size() == 2);
  script->finish(script->open.front()->token, bad(200, token_usage));
  advance(2s);
  CHECK(script->open.size() == 2);
  CHECK(script->calls.size() == 3);
}

TEST_CASE_METHOD(fixture, "a dismissed account is not asked", "[refresher]") {
  add("a", 10);
  probe("a", "h");
  self->send(it, atom::dismiss_v, ids["a"]);
  advance(600s);
  CHECK(script->calls.empty());
}

TEST_CASE_METHOD(fixture, "the account is told before its provider is asked",
                 "[refresher]") {
  add("a", 10);
  probe("a", "h");
  script->answer = [](const auto&) { return std::nullopt; };
  advance(3s);
  REQUIRE(script->open.size() == 1);
  const auto asked = now();
  advance(10s);
  script->finish(script->open.front()->token, bad(200, token_usage));
  run();
  const auto entries = log->entries_of(ids["a"]);
  REQUIRE(entries.size() >= 2);
  CHECK(entries.back().kind == entry_kind::reading);
  CHECK(entries.back().at <= asked);
  CHECK(entries.back().cut == 2);
}

TEST_CASE_METHOD(fixture, "who leaves while being asked frees its host",
                 "[refresher]") {
  script->answer = [](const auto&) { return std::nullopt; };
  for (const auto* name : {"a", "b", "c"}) {
    add(name, 10);
    probe(name, "same");
  }
  advance(3s);
  REQUIRE(script->open.size() == 2);
  for (const auto* name : {"a", "b", "c"})
    self->send(it, atom::dismiss_v, ids[name]);
  for (const auto* name : {"d", "e"}) {
    add(name, 10);
    probe(name, "same");
  }
  advance(3s);
  CHECK(script->open.size() == 4);
}

TEST_CASE_METHOD(fixture, "an answer to what was asked before a change is none",
                 "[refresher]") {
  add("a", 10);
  probe("a", "h");
  script->answer = [](const auto&) { return std::nullopt; };
  advance(3s);
  REQUIRE(script->open.size() == 1);
  probe("a", "other");
  script->finish(script->open.front()->token, bad(200, token_usage));
  run();
  CHECK(view("a").read_at == timestamp{});
  advance(3s);
  REQUIRE(script->open.size() == 1);
  script->finish(script->open.front()->token, bad(200, token_usage));
  run();
  CHECK(view("a").reading == money{7'500'000'000});
}
