#include "tests/cli/cli_fixture.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace rota;

namespace {

const std::string account_path = "/admin/v1/accounts/relay-a";

const std::string both = R"(
ACCOUNT  PROVIDER   ADMIN  HEALTH   FUNDS      AVAILABLE      HELD  SPENT  )"
                         R"(IN FLIGHT  CALLS  LAST USED      NOTE
relay-a  new_api    ready  healthy  funded     23.499877  0.000123   1.50  )"
                         R"(      2/8   1200  5 h 0 min ago
b        anthropic  drain  ejected  exhausted      -0.25      0.00   0.00  )"
                         R"(      0/1      0  -              )"
                         R"(back in 1 h 30 min: The key was refused.
)";

const std::string relay_a = R"(
account       relay-a
provider      new_api
host          relay.example
admin         ready
health        healthy
funds         funded
reading       25.00 USD, 2 h 0 min ago
posted since  1.50 USD
held          0.000123 USD
available     23.499877 USD
floor         1.00 USD
spent         1.50 USD
in doubt      0 calls, 0.00 USD
in flight     2 of 8
calls         1200, 3 failed
overruns      1, 0 late
price factor  1
posting lag   4 min 35 s
last used     5 h 0 min ago
models        gpt-5-mini
tags          cheap, eu
)";

const std::string b = R"(
account       b
provider      anthropic
host          api.example
admin         drain
health        ejected
funds         exhausted
reason        The key was refused.
back          in 1 h 30 min
reading       -0.25 USD, never read
posted since  0.00 USD
held          0.00 USD
available     -0.25 USD
floor         0.00 USD
spent         0.00 USD
in doubt      2 calls, 0.40 USD
in flight     0 of 1
calls         0, 7 failed
overruns      0, 0 late
price factor  1
posting lag   2 min
last used     -
models        any
)";

} // namespace

TEST_CASE("accounts as a table", "[cli]") {
  cli_fixture on;
  on.daemon.on("GET /admin/v1/accounts", golden_reply("accounts.json"));
  const auto x = on.rota({"accounts"});
  CHECK(x.code == 0);
  CHECK(x.err.empty());
  CHECK('\n' + x.out == both);
}

TEST_CASE("accounts as JSON are what the daemon says", "[cli]") {
  cli_fixture on;
  const auto reply = golden_json("accounts.json");
  on.daemon.on("GET /admin/v1/accounts", reply.dump());
  const auto x = on.rota({"accounts", "--json"});
  CHECK(x.code == 0);
  CHECK(json::parse(x.out) == reply);
  // Fields keep their order.
  CHECK(x.out.find("\"admin\"") < x.out.find("\"provider\""));
}

TEST_CASE("a pool without accounts", "[cli]") {
  cli_fixture on;
  on.daemon.on("GET /admin/v1/accounts", "[]");
  CHECK_THAT(on.rota({"accounts"}).out, ContainsSubstring("rota reload"));
  CHECK(on.rota({"accounts", "--json"}).out == "[]\n");
}

TEST_CASE("one account in full", "[cli]") {
  cli_fixture on;
  const auto reply = golden_json("accounts.json");
  on.daemon.on("GET " + account_path, reply[0].dump());
  on.daemon.on("GET /admin/v1/accounts/b", reply[1].dump());
  CHECK('\n' + on.rota({"account", "relay-a"}).out == relay_a);
  CHECK('\n' + on.rota({"account", "b"}).out == b);
  CHECK(json::parse(on.rota({"account", "b", "--json"}).out) == reply[1]);
}

TEST_CASE("verbs of an account", "[cli]") {
  cli_fixture on;
  const auto reply = golden_json("accounts.json")[0].dump();
  for (const auto* verb : {"ready", "drain", "maintenance", "refresh",
                           "adjust"})
    on.daemon.on("POST " + account_path + '/' + verb, reply);
  for (const auto* verb : {"ready", "drain", "maintenance", "refresh"}) {
    const auto x = on.rota({"account", "relay-a", verb});
    CHECK(x.code == 0);
    CHECK_THAT(x.out, ContainsSubstring("relay-a"));
    CHECK(on.daemon.count("POST " + account_path + '/' + verb) == 1);
    CHECK(on.daemon.seen().back().body.empty());
  }
  CHECK(on.rota({"account", "relay-a", "adjust", "-1.50"}).code == 0);
  CHECK(on.daemon.seen().back().body == R"({"usd":"-1.50"})");
  CHECK(on.rota({"account", "relay-a", "adjust", "2", "--reason",
                 "a \"refund\""})
          .code
        == 0);
  CHECK(on.daemon.seen().back().body
        == R"({"usd":"2","reason":"a \"refund\""})");
}

TEST_CASE("a reason cannot steer the terminal", "[cli]") {
  cli_fixture on;
  auto reply = golden_json("accounts.json");
  reply[1]["reason"] = "\x1b]0;owned\x07 <html>\n";
  on.daemon.on("GET /admin/v1/accounts", reply.dump());
  const auto x = on.rota({"accounts"});
  CHECK(x.code == 0);
  CHECK(x.out.find('\x1b') == std::string::npos);
  CHECK(x.out.find('\x07') == std::string::npos);
  CHECK(std::count(x.out.begin(), x.out.end(), '\n') == 3);
}

TEST_CASE("models that wait are shown with their reasons", "[cli]") {
  cli_fixture on;
  auto reply = golden_json("accounts.json");
  auto& x = reply[0];
  x["cooling"] = json::array();
  for (const auto* model : {"gpt-5", "gpt-5-mini"})
    x["cooling"].push_back({{"model", model},
                            {"until", reply[1]["cooldown_until"]},
                            {"reason", "HTTP 503"}});
  x["reason"] = "gpt-5: HTTP 503";
  x["cooldown_until"] = reply[1]["cooldown_until"];
  on.daemon.on("GET /admin/v1/accounts", reply.dump());
  on.daemon.on("GET " + account_path, x.dump());
  CHECK_THAT(on.rota({"accounts"}).out,
             ContainsSubstring("gpt-5 back in 1 h 30 min: HTTP 503 (and 1 "
                               "other model)"));
  const auto text = on.rota({"account", "relay-a"}).out;
  CHECK_THAT(text, ContainsSubstring("not now       gpt-5 back in 1 h 30 min: "
                                     "HTTP 503\n"));
  CHECK_THAT(text, ContainsSubstring("gpt-5-mini back in 1 h 30 min"));
  CHECK(text.find("reason") == std::string::npos);
}

TEST_CASE("an account says how its last probe went", "[cli]") {
  cli_fixture on;
  auto reply = golden_json("accounts.json")[0];
  reply["probed_at"] = reply["read_at"];
  reply["probe_error"] = "The site has no such call (HTTP 404).";
  on.daemon.on("GET " + account_path, reply.dump());
  CHECK_THAT(on.rota({"account", "relay-a"}).out,
             ContainsSubstring("last probe    2 h 0 min ago: The site has no "
                               "such call (HTTP 404).\n"));
  reply["probe_error"] = "";
  on.daemon.on("GET " + account_path, reply.dump());
  CHECK_THAT(on.rota({"account", "relay-a"}).out,
             ContainsSubstring("last probe    ok, 2 h 0 min ago\n"));
}

TEST_CASE("a balance that cannot be read is noted where nothing is worse",
          "[cli]") {
  cli_fixture on;
  auto reply = golden_json("accounts.json");
  for (auto& x : reply)
    x["probe_error"] = "The site failed (HTTP 500).";
  reply[0]["reason"] = "";
  reply[0]["cooldown_until"] = nullptr;
  reply[1]["reason"] = "HTTP 402";
  on.daemon.on("GET /admin/v1/accounts", reply.dump());
  const auto text = on.rota({"accounts"}).out;
  CHECK_THAT(text, ContainsSubstring("The site failed (HTTP 500)."));
  CHECK_THAT(text, ContainsSubstring("HTTP 402"));
  CHECK(text.find("HTTP 500") == text.rfind("HTTP 500"));
}

TEST_CASE("models whose prices seem wrong are named", "[cli]") {
  cli_fixture on;
  auto reply = golden_json("accounts.json")[0];
  reply["price_factor"] = "1.2";
  reply["prices_off"] = {{{"model", "gpt-5"}, {"price_factor", "1.5"}}};
  on.daemon.on("GET " + account_path, reply.dump());
  CHECK_THAT(on.rota({"account", "relay-a"}).out,
             ContainsSubstring("price factor  1.2, gpt-5 1.5\n"));
}
