// A response is kept by the account that made it: clients -> rotad -> rota-sim.

#include "tests/e2e/api_request.hpp"
#include "tests/e2e/money_check.hpp"
#include "tests/e2e/stage.hpp"
#include "tests/e2e/vendors.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

const std::string pool = R"(
routing: {strategy: round_robin, affinity_ttl: 0s}
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B, balance: {initial: 20.00}}
)";

const std::string two_clients = R"(
clients:
  - {name: alice, tokens: [env:ALICE], cap: {day: 0.0005}, show_account: true}
  - {name: bob, tokens: [env:BOB], show_account: true}
)";

class pinned_stage : public stage {
public:
  pinned_stage() : stage{vendors} {
    environment["ALICE"] = "alice-token-0123456789abcdef0123456789";
    environment["BOB"] = "bob-token-0123456789abcdef0123456789abc";
  }

  reply ask_api(const std::string& method, const std::string& target,
                const std::string& body = {}, const char* who = "ALICE") {
    const auto key = environment.at(who);
    return request(api_port(), method, target, body,
                   "Authorization: Bearer " + key + "\r\n");
  }

  /// Has a response made. @returns Its id and its account.
  std::pair<std::string, std::string> make(const std::string& more = {},
                                           const char* who = "ALICE") {
    const auto x = ask_api("POST", "/v1/responses",
                           R"({"model":"gpt-5-mini","input":"hi",)" + more
                             + R"("max_output_tokens":20})",
                           who);
    INFO(x.head << x.body);
    REQUIRE(x.status == 200);
    const auto at = x.body.find("\"resp_");
    REQUIRE(at != std::string::npos);
    return {x.body.substr(at + 1, x.body.find('"', at + 1) - at - 1),
            x.header("x-rota-account")};
  }

  /// Which accounts were asked under a path, one after the other.
  std::vector<std::string> asked(const std::string& path) {
    std::vector<std::string> result;
    const auto all = books("/sim/calls");
    for (const auto& x : all["calls"])
      if (x["path"] == path)
        result.push_back(x["account"]);
    return result;
  }
};

std::string other(const std::string& account) {
  return account == "a" ? "b" : "a";
}

} // namespace

TEST_CASE("a response is found at the account that made it",
          "[e2e][responses]") {
  pinned_stage on;
  on.start(two_clients + pool);
  const auto streamed = GENERATE(false, true);
  INFO(streamed);
  for (int i = 0; i < 4; ++i) { // Both accounts, in turn.
    const auto [id, by] = on.make(streamed ? "\"stream\":true," : "");
    const auto path = "/v1/responses/" + id;
    for (int k = 0; k < 3; ++k) {
      const auto x = on.ask_api("GET", path + "?include=a");
      INFO(x.head << x.body);
      CHECK(x.status == 200);
      CHECK(x.parsed()["id"] == id);
      CHECK(x.header("x-rota-account") == by);
    }
    CHECK(on.ask_api("GET", path + "/input_items").parsed()["object"]
          == "list");
    // What the provider refuses is said in its own words.
    const auto cancelled = on.ask_api("POST", path + "/cancel");
    CHECK(cancelled.status == 400);
    CHECK_THAT(cancelled.body, ContainsSubstring("in the background"));
    CHECK(on.asked(path) == std::vector<std::string>(3, by));
    CHECK(on.ask_api("PUT", path).status == 405);
    // Nobody else's.
    const auto theirs = on.ask_api("GET", path, "", "BOB");
    CHECK(theirs.status == 404);
    CHECK(theirs.parsed()["error"]["type"] == "invalid_request_error");
    CHECK_THAT(theirs.body,
               ContainsSubstring("Response with id '" + id + "' not found."));
    CHECK(on.ask_api("DELETE", path, "", "BOB").status == 404);
    CHECK(on.asked(path).size() == 3);
    // Once.
    CHECK(on.ask_api("DELETE", path).parsed()["deleted"] == true);
    CHECK(on.ask_api("GET", path).status == 404);
    CHECK(on.asked(path).size() == 4);
  }
  CHECK(on.ask_api("GET", "/v1/responses/resp_unheard").status == 404);
  CHECK(on.asked("/v1/responses/resp_unheard").empty());
  for (const auto& x : on.ask({"accounts"})) // Responses that were made.
    CHECK(x["calls"] == 2);
  check_books(on);
}

TEST_CASE("a response is found again after a restart", "[e2e][responses]") {
  pinned_stage on;
  on.start(two_clients + pool);
  const auto whole = on.make();
  const auto streamed = on.make("\"stream\":true,");
  const auto gone = on.make();
  const auto unkept = on.make("\"store\":false,");
  CHECK(on.ask_api("DELETE", "/v1/responses/" + gone.first).status == 200);
  const auto kills = GENERATE(true, false);
  if (kills)
    on.kill();
  else
    CHECK(on.stop() == 0);
  on.restart();
  for (const auto& [id, by] : {whole, streamed}) {
    const auto x = on.ask_api("GET", "/v1/responses/" + id);
    INFO(x.head << x.body);
    CHECK(x.status == 200);
    CHECK(x.header("x-rota-account") == by);
    CHECK(on.ask_api("GET", "/v1/responses/" + id, "", "BOB").status == 404);
  }
  for (const auto& x : {gone, unkept})
    CHECK(on.ask_api("GET", "/v1/responses/" + x.first).status == 404);
  CHECK(on.asked("/v1/responses/" + unkept.first).empty());
  check_books(on);
  CHECK(on.stop() == 0);
  CHECK(on.rota({"fsck", "--state-dir", on.dir / "state"}).code == 0);
}

TEST_CASE("a response is found for as long as is configured",
          "[e2e][responses]") {
  pinned_stage on;
  on.set_clock(0);
  on.start(two_clients + pool + "api: {response_ttl: 1h}\n");
  const auto [id, by] = on.make();
  const auto path = "/v1/responses/" + id;
  CHECK(on.ask_api("GET", path).status == 200);
  const auto later = [&](int64_t seconds) {
    CHECK(on.stop() == 0);
    on.set_clock(seconds);
    on.restart();
    return on.ask_api("GET", path);
  };
  const auto before = later(50 * 60);
  CHECK(before.status == 200);
  CHECK(before.header("x-rota-account") == by);
  const auto asked = on.asked(path).size();
  const auto after = later(61 * 60);
  CHECK(after.status == 404);
  CHECK_THAT(after.body, ContainsSubstring(id));
  CHECK(on.asked(path).size() == asked); // No provider was asked.
}

TEST_CASE("a conversation of responses stays with its account",
          "[e2e][responses]") {
  pinned_stage on;
  on.start(two_clients + pool);
  auto [id, by] = on.make("", "BOB");
  for (int i = 0; i < 4; ++i) {
    const auto next
      = on.make("\"previous_response_id\":\"" + id + "\",", "BOB");
    CHECK(next.second == by);
    id = next.first;
  }
  const auto calls = on.books("/sim/calls")["total"];
  for (const auto& [previous, who] :
       {std::pair{id, "ALICE"}, std::pair{std::string{"resp_x"}, "BOB"}}) {
    const auto x = on.ask_api(
      "POST", "/v1/responses",
      R"({"model":"gpt-5-mini","input":"a","previous_response_id":")" + previous
        + "\"}",
      who);
    CHECK(x.status == 400);
    CHECK(x.parsed()["error"]["code"] == "previous_response_not_found");
  }
  CHECK(on.books("/sim/calls")["total"] == calls);
  // It does not move, even if it is alone with its troubles.
  on.sim_post("/sim/script", "script:\n  - {match: {account: " + by
                               + "}, action: {status: 500}}\n");
  const auto x = on.ask_api(
    "POST", "/v1/responses",
    R"({"model":"gpt-5-mini","input":"a","previous_response_id":")" + id
      + "\"}",
    "BOB");
  INFO(x.head << x.body);
  CHECK(x.status == 502);
  const auto all = on.books("/sim/calls");
  for (const auto& y : all["calls"])
    CHECK((y["status"] == 200 || y["account"] == by));
}

TEST_CASE("what was made may be read without money", "[e2e][responses]") {
  pinned_stage on;
  on.start(two_clients + pool);
  const auto [id, by] = on.make();
  const auto path = "/v1/responses/" + id;
  // The client has used up its cap, and the account its balance.
  const auto next = on.ask_api("POST", "/v1/responses",
                               R"({"model":"gpt-5-mini","input":"hi",)"
                               R"("max_output_tokens":400})");
  CHECK(next.status == 429);
  on.ask({"account", by, "adjust", "-40"});
  CHECK(on.ask_api("GET", path).status == 200);
  // Drained is drained: it is asked nothing, and nobody else is.
  on.ask({"account", by, "drain"});
  const auto x = on.ask_api("GET", path);
  CHECK(x.status == 503);
  CHECK(on.asked(path).size() == 1);
  CHECK(usd(on.ask({"account", other(by)})["spent"]) == money{});
}
