// What people see of an account that has trouble.

#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace rota;

namespace {

bool says(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

const std::string prices = R"(
prices: {default: {input: 0.25, output: 2}}
)";

const std::string canary = "sk-canary-0123456789abcdef";

/// The files under a directory that hold a text, but for those which a test
/// wrote itself.
std::vector<std::string> files_with(const std::filesystem::path& dir,
                                    const std::string& text) {
  std::vector<std::string> result;
  for (const auto& x : std::filesystem::recursive_directory_iterator{dir}) {
    if (!x.is_regular_file() || x.path().filename() == "sim.yaml")
      continue;
    std::ifstream in{x.path(), std::ios::binary};
    const std::string content{std::istreambuf_iterator<char>{in}, {}};
    if (says(content, text))
      result.push_back(x.path().string());
  }
  return result;
}

std::string submit(stage& on, size_t lines) {
  write_file(on.dir / "in.jsonl", chat_lines(lines));
  return on.ask({"submit", on.dir / "in.jsonl"})["id"];
}

} // namespace

TEST_CASE("a key that its provider repeats stays a secret", "[e2e]") {
  stage on{"accounts: [{name: a, key: " + canary + ", balance: 30.00}]\n"
           + prices + R"(
script:
  - match: {path: /api/usage/token/}
    action: {status: 500, content_type: application/json, body: '{"message": "no token )"
           + canary + R"("}'}
  - match: {every: 2}
    action: {status: 400, content_type: application/json, headers: {x-request-id: "Bearer )"
           + canary + R"("}, body: '{"error": {"message": "Bearer )" + canary
           + R"( may not do that", "type": "invalid_request_error", "code": ")"
           + canary + R"("}}'}
)"};
  on.environment["KEY_A"] = canary;
  on.start(R"(
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00, probe: newapi_token}}
)");
  const auto probed = on.rota({"account", "a", "refresh"});
  CHECK(probed.code == 1);
  CHECK(says(probed.err, "no token ***"));
  const auto batch = submit(on, 4);
  const auto ended = on.finish(batch);
  CHECK(ended["failed"] == 2);
  REQUIRE(on.rota({"results", batch, "-o", on.dir / "out.jsonl"}).code == 0);
  REQUIRE(on.rota({"results", batch, "--errors", on.dir / "err.jsonl"}).code
          == 0);
  CHECK(says(read_file(on.dir / "err.jsonl"), "Bearer *** may not do that"));
  CHECK_FALSE(says(on.rota({"account", "a"}).out, canary));
  CHECK_FALSE(says(on.rota({"account", "a", "--json"}).out, canary));
  CHECK(on.stop() == 0);
  CHECK(files_with(on.dir.path(), canary) == std::vector<std::string>{});
}

TEST_CASE("a model that waits, and why, is seen from outside", "[e2e]") {
  stage on{"accounts: [{name: a, key: key-a, balance: 30.00}]\n" + prices
           + R"(
script:
  - {match: {model: gpt-5-mini}, action: {status: 503, headers: {retry-after: 600}}}
)"};
  on.start(R"(
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
)");
  const auto batch = submit(on, 1);
  wait_until("the model cools down", [&] {
    return !on.ask({"account", "a"})["cooling"].empty();
  });
  const auto x = on.ask({"account", "a"});
  CHECK(x["health"] == "healthy");
  CHECK(x["cooling"][0]["model"] == "gpt-5-mini");
  CHECK(says(x["cooling"][0]["reason"], "HTTP 503"));
  CHECK(x["cooldown_until"] == x["cooling"][0]["until"]);
  CHECK(says(x["reason"], "gpt-5-mini: HTTP 503"));
  CHECK(says(on.rota({"accounts"}).out, "gpt-5-mini back in "));
  CHECK(says(on.rota({"account", "a"}).out, "not now       gpt-5-mini back"));
  on.rota({"cancel", batch});
}

TEST_CASE("a refused key says what to do, and a restart tries it again",
          "[e2e]") {
  stage on{"accounts: [{name: a, key: key-a, balance: 30.00}]\n" + prices};
  on.environment["KEY_A"] = "another-key";
  on.start(R"(
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00, probe: newapi_token}}
alerts: {interval: 1s}
)");
  const auto batch = submit(on, 1);
  // One refusal is none; that of the balance behind it makes it one.
  wait_until("the account is ejected for good", [&] {
    const auto x = on.ask({"account", "a"});
    return x["health"] == "ejected" && x["cooldown_until"].is_null();
  });
  CHECK(says(on.rota({"accounts"}).out,
             "replace its key, then run `rota reload`"));
  wait_until("the pool's alert says why", [&] {
    return says(on.daemon().err(), "No account can serve")
           && says(on.daemon().err(), "a (The site refuses the credential (HTTP 401");
  });
  CHECK(on.stop() == 0);
  on.environment["KEY_A"] = "key-a";
  on.restart();
  CHECK(on.finish(batch)["succeeded"] == 1);
}

TEST_CASE("a balance that cannot be read says why, once and when asked",
          "[e2e]") {
  stage on{"accounts: [{name: a, key: key-a, balance: 30.00}]\n" + prices
           + R"(
script:
  - {match: {path: /api/usage/token/, times: 2}, action: {status: 500}}
)"};
  on.start(R"(
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00, probe: newapi_token}}
alerts: {interval: 1s}
refresh: {interval: 10m}
)");
  // The first question comes by itself, soon after the start.
  wait_until("the failure is told", [&] {
    return says(on.daemon().err(), "alert account.probe is firing");
  });
  const auto again = on.rota({"account", "a", "refresh"});
  CHECK(again.code == 1);
  CHECK(says(again.err, "The balance of account a could not be read: "));
  CHECK(says(again.err, "HTTP 500"));
  CHECK(says(on.ask({"account", "a"})["probe_error"], "HTTP 500"));
  CHECK(says(on.rota({"account", "a"}).out, "last probe"));
  CHECK(on.rota({"account", "a", "refresh"}).code == 0);
  const auto x = on.ask({"account", "a"});
  CHECK(x["probe_error"] == "");
  CHECK(x["probed_at"].is_string());
  CHECK(x["health"] == "healthy");
  wait_until("the recovery is told", [&] {
    return says(on.daemon().err(), "alert account.probe is resolved");
  });
}

TEST_CASE("balances are read in the units and money of any site", "[e2e]") {
  const auto site = GENERATE(
    as<std::string>{}, "{}", "{quota_per_unit: 1000000}", "{display: cny}",
    "{display: tokens, quota_per_unit: 2000}",
    "{display: cny, usd_exchange_rate: 0.5}");
  CAPTURE(site);
  stage on{"site: " + site + R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 20.50}
  - {name: c, key: key-c, balance: 10.25, user_id: 12345, access_token: key-d}
)" + prices};
  on.start(R"(
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {probe: newapi_token}}
  - {name: b, provider: new_api, base_url: SIM, api_key: env:KEY_B, balance: {probe: newapi_billing}}
  - {name: c, provider: new_api, base_url: SIM, api_key: env:KEY_C, balance: {probe: newapi_console, console: env:KEY_D, user_id: "12345"}}
)");
  for (const auto& [name, usd] :
       {std::pair{"a", "30.000000000"}, {"b", "20.500000000"},
        {"c", "10.250000000"}})
    CHECK(on.ask({"account", name, "refresh"})["reading"] == usd);
}
