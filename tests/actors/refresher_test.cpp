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

  void probe(const std::string& name, const std::string& host,
             std::optional<int64_t> units = 500'000) {
    probe_target x;
    x.account = ids[name];
    x.name = name;
    x.host = host;
    x.balance.probe = probe_kind::newapi_token;
    x.balance.units_per_usd = units;
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

TEST_CASE_METHOD(fixture, "who asks for a balance hears how that went",
                 "[refresher]") {
  add("a", 10);
  probe("a", "h");
  const auto ask_now = [this](account_id x) {
    return std::get<probe_report>(
      ask<probe_report>(it, atom::refresh_v, x));
  };
  script->answer = [](const auto&) { return bad(200, token_usage); };
  CHECK(ask_now(ids["a"]).error.empty());
  CHECK(view("a").probe.at == now());
  CHECK(view("a").probe.error.empty());
  script->answer = [](const auto&) {
    return bad(401, R"({"success":false,"message":"no such token"})");
  };
  const auto expected
    = "The site refuses the credential (HTTP 401, no such token).";
  CHECK(ask_now(ids["a"]).error == expected);
  CHECK(view("a").probe.error == expected);
  CHECK(view("a").reading == money{7'500'000'000});
  CHECK(view("a").health == health_state::healthy);
  CHECK_FALSE(ask_now(account_id{77}).error.empty()); // A stranger.
}

TEST_CASE_METHOD(fixture, "one who asks while another is asked waits",
                 "[refresher]") {
  script->answer = [](const auto&) { return std::nullopt; };
  for (const auto* name : {"a", "b", "c"}) {
    add(name, 10);
    probe(name, "same");
  }
  advance(3s);
  REQUIRE(script->open.size() == 2);
  const auto wanted = [this](const char* name) {
    return self->request(it, caf::infinite, atom::refresh_v, ids[name]);
  };
  auto of_a = wanted("a"); // Whoever of them is asked now, and who waits.
  auto of_b = wanted("b");
  auto of_c = wanted("c");
  run();
  self->send(it, atom::dismiss_v, ids["c"]);
  script->answer = [](const auto&) { return bad(200, token_usage); };
  while (!script->open.empty()) {
    script->finish(script->open.front()->token, bad(200, token_usage));
    run();
  }
  advance(2s);
  const auto error_of = [](auto& answer) {
    std::string result = "nothing";
    answer.receive([&](const probe_report& x) { result = x.error; },
                   [&](const caf::error&) { result = "none"; });
    return result;
  };
  CHECK(error_of(of_a) == "");
  CHECK(error_of(of_b) == "");
  CHECK_FALSE(error_of(of_c).empty());
}

TEST_CASE_METHOD(fixture, "who waits for a balance is answered at a stop",
                 "[refresher]") {
  add("a", 10);
  probe("a", "h");
  script->answer = [](const auto&) { return std::nullopt; };
  advance(3s);
  REQUIRE(script->open.size() == 1);
  auto waiting = self->request(it, caf::infinite, atom::refresh_v, ids["a"]);
  run();
  self->send(it, atom::drain_v);
  run();
  std::string said;
  waiting.receive([&](const probe_report& x) { said = x.error; },
                  [](const caf::error&) { FAIL("it was not answered"); });
  CHECK_THAT(said, ContainsSubstring("rotad stops"));
  said = std::get<probe_report>(
           ask<probe_report>(it, atom::refresh_v, ids["a"]))
           .error;
  CHECK_THAT(said, ContainsSubstring("rotad stops"));
  advance(3'000s);
  CHECK(script->calls.size() == 1);
}

TEST_CASE_METHOD(fixture, "a balance may be only so large", "[refresher]") {
  add("a", 10);
  probe("a", "h");
  script->answer = [](const upstream_request& x) {
    CHECK(x.body_bytes_max == 256 << 10);
    return bad(200, token_usage);
  };
  advance(3s);
  CHECK(script->calls.size() == 1);
}

TEST_CASE_METHOD(fixture, "a host is asked for its units once a day",
                 "[refresher]") {
  add("a", 10);
  add("b", 10);
  probe("a", "h", std::nullopt);
  std::vector<std::string> paths;
  script->answer = [&paths](const upstream_request& x) {
    paths.push_back(x.path);
    return x.path == "/api/status"
             ? bad(200, R"({"success":true,"data":{"quota_per_unit":1000000}})")
             : bad(200, token_usage);
  };
  advance(3s);
  CHECK(paths
        == std::vector<std::string>{"/api/status", "/api/usage/token/"});
  CHECK(view("a").reading == money{3'750'000'000});
  probe("b", "h", std::nullopt);
  advance(3s);
  CHECK(paths.size() == 3);
  CHECK(view("b").reading == money{3'750'000'000});
  advance(25h);
  CHECK(std::count(paths.begin(), paths.end(), "/api/status") == 2);
}

TEST_CASE_METHOD(fixture, "without its units no figure of a site counts",
                 "[refresher]") {
  add("a", 10);
  probe("a", "h", std::nullopt);
  bool fails = true;
  script->answer = [&fails](const upstream_request& x) {
    return x.path != "/api/status" ? bad(200, token_usage)
           : fails                 ? bad(503, "{}")
                                   : bad(404, "{}");
  };
  advance(3s);
  CHECK(script->calls.size() == 1);
  CHECK(view("a").reading == money{10'000'000'000});
  CHECK_THAT(view("a").probe.error,
             ContainsSubstring("in what units it counts (GET /api/status: HTTP"
                               " 503)"));
  fails = false;
  advance(1h);
  CHECK(view("a").reading == money{7'500'000'000});
}
