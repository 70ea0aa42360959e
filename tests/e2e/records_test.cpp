// What requests leave behind: `rota requests`, `rota explain`, and the header
// that names them.

#include "tests/e2e/api_request.hpp"
#include "tests/e2e/money_check.hpp"
#include "tests/e2e/stage.hpp"
#include "tests/runtime/raw_store.hpp"
#include "tests/support/catch.hpp"

#include "messages/money.hpp"
#include "runtime/storage/digest.hpp"

#include <map>

using namespace rota;

namespace {

const std::string sim = R"(
accounts:
  - {name: a, key: key-a, balance: 40.00}
  - {name: b, key: key-b, balance: 30.00}
  - {name: c, key: key-c, balance: 20.00}
  - {name: d, key: key-d, balance: 10.00}
prices: {default: {input: 1, output: 10}}
)";

const std::string script = R"(
script:
  - {match: {account: a}, action: {status: 500, body: '{"error":{"message":"oops","type":"server_error","param":null,"code":null}}'}}
  - {match: {account: b}, action: {status: 429}}
)";

// The last one serves another model only.
const std::string accounts = R"(
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {initial: 40.00}, models: [gpt-5-mini]}
  - {name: b, provider: new_api, base_url: SIM, api_key: env:KEY_B, balance: {initial: 30.00}, models: [gpt-5-mini]}
  - {name: c, provider: new_api, base_url: SIM, api_key: env:KEY_C, balance: {initial: 20.00}, models: [gpt-5-mini]}
  - {name: d, provider: new_api, base_url: SIM, api_key: env:KEY_D, balance: {initial: 10.00}, models: [other]}
)";

std::string body(const std::string& model, bool stream = false) {
  return R"({"model":")" + model + R"(","max_tokens":40,)"
         + (stream ? R"("stream":true,)" : "")
         + R"("messages":[{"role":"user","content":"hello"}]})";
}

reply chat(stage& on, const std::string& headers = {},
           const std::string& what = body("gpt-5-mini")) {
  return request(on.api_port(), "POST", "/v1/chat/completions", what, headers);
}

/// The record of a request: it is written just after the answer.
json explained(stage& on, const std::string& id) {
  wait_until("there is a record of " + id, [&] {
    return on.rota({"explain", id}).code == 0;
  });
  return on.ask({"explain", id});
}

void await_records(stage& on, size_t count) {
  wait_until("all records are written", [&] {
    return on.ask({"requests", "--limit", "1000"}).size() >= count;
  });
  CHECK(on.ask({"requests", "--limit", "1000"}).size() == count);
}

std::string finding(const json& pick, const std::string& account) {
  for (const auto& x : pick["candidates"])
    if (x["account"] == account)
      return x["finding"];
  return "absent";
}

} // namespace

TEST_CASE("a request that fails over is explained", "[e2e][records]") {
  stage on{sim};
  on.sim_post("/sim/script", script);
  on.start(accounts);
  const auto streamed = GENERATE(false, true);
  const auto answer = chat(on, {}, body("gpt-5-mini", streamed));
  CHECK(answer.status == 200);
  const auto id = answer.header("x-request-id");
  const auto x = explained(on, id);
  INFO(x.dump(1));
  CHECK(x["id"] == id);
  CHECK(x["client"].is_null());
  CHECK(x["surface"] == "openai_chat");
  CHECK(x["model"] == "gpt-5-mini");
  CHECK(x["streamed"] == streamed);
  CHECK(x["outcome"] == "succeeded");
  CHECK(x["account"] == "c");
  CHECK(x["status"] == 200);
  CHECK(x["tokens"]["in"] > 0);
  CHECK(x["tokens"]["out"] > 0);
  CHECK(x["total_ms"] >= x["first_byte_ms"]);
  const auto& tries = x["attempts"];
  REQUIRE(tries.size() == 3);
  CHECK(tries[0]["account"] == "a");
  CHECK(tries[0]["class"] == "upstream_error");
  CHECK(tries[0]["status"] == 500);
  CHECK(tries[0]["in_doubt"] == true);
  CHECK(tries[1]["account"] == "b");
  CHECK(tries[1]["class"] == "overloaded");
  CHECK(tries[1]["status"] == 429);
  CHECK(tries[1]["in_doubt"] == false);
  CHECK(tries[2]["account"] == "c");
  CHECK(tries[2]["class"] == "succeeded");
  CHECK(tries[2]["cost"] == x["cost"]);
  CHECK(usd(x["cost"]) > money{});
  CHECK(usd(x["in_doubt"]) == usd(tries[0]["hold"]));
  const auto& picks = x["picks"];
  REQUIRE(picks.size() == 3);
  CHECK(picks[0]["strategy"] == "most_balance");
  CHECK(picks[0]["accounts"] == 4);
  CHECK(picks[0]["chosen"] == "a");
  CHECK(finding(picks[0], "b") == "behind");
  CHECK(finding(picks[0], "c") == "behind");
  CHECK(finding(picks[0], "d") == "other_model");
  CHECK(picks[0]["candidates"][1]["account"] == "b");
  CHECK(picks[0]["candidates"][1]["score"] == 30'000'000'000);
  CHECK(picks[1]["chosen"] == "b");
  CHECK(finding(picks[1], "a") == "tried");
  CHECK(picks[2]["chosen"] == "c");
  CHECK(finding(picks[2], "b") == "tried");
  const auto text = on.rota({"explain", id}).out;
  CHECK_THAT(text, ContainsSubstring("Pick 3 among 4 accounts, by most_balance"));
  CHECK_THAT(text, ContainsSubstring("the request has failed there already"));
  CHECK_THAT(text, ContainsSubstring("it does not serve this model"));
}

TEST_CASE("a price that is not known is said, once and in each record",
          "[e2e][records]") {
  stage on{sim};
  on.start(R"(
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {initial: 40.00}}
routing: {price_aliases: {mine: gpt-5-mini}}
)");
  const auto ask = [&on](const std::string& model) {
    const auto answer = chat(on, {}, body(model, false));
    REQUIRE(answer.status == 200);
    return explained(on, answer.header("x-request-id"));
  };
  const auto price = [](const std::string& model, const char* basis) {
    return json{{"model", model}, {"basis", basis}};
  };
  for (int i = 0; i < 2; ++i) {
    CHECK(ask("gpt-5-mini")["price"] == price("gpt-5-mini", "known"));
    CHECK(ask("mine")["price"] == price("gpt-5-mini", "known"));
    CHECK(ask("gpt-5-pro")["price"] == price("gpt-5", "by_prefix"));
    CHECK(ask("house")["price"] == price("", "unknown"));
  }
  const auto x = ask("mine");
  CHECK(x["tokens"]["source"] == "reported");
  CHECK(x["tokens"]["written_5m"] == 0);
  CHECK(x["tokens"]["written_1h"] == 0);
  const auto said = [&on](const std::string& what) {
    const auto log = on.daemon().err();
    size_t n = 0;
    for (auto i = log.find(what); i != log.npos; i = log.find(what, i + 1))
      ++n;
    return n;
  };
  CHECK(said("warning The price of ") == 2);
  CHECK(said("The price of gpt-5-pro is taken from gpt-5,") == 1);
  CHECK(said("The price of house is not known,") == 1);
  CHECK_THAT(on.rota({"requests"}).out,
             ContainsSubstring("gpt-5-pro (priced as gpt-5)"));
}

TEST_CASE("a refusal names each account's reason", "[e2e][records]") {
  stage on{sim};
  on.start(accounts);
  for (const auto* name : {"a", "b"})
    on.ask({"account", name, "drain"});
  on.ask({"account", "c", "maintenance"});
  const auto answer = chat(on);
  CHECK(answer.status == 503);
  const auto x = explained(on, answer.header("x-request-id"));
  INFO(x.dump(1));
  CHECK(x["outcome"] == "refused");
  CHECK(x["error"] == "not_ready");
  CHECK(x["attempts"].empty());
  CHECK(x["account"].is_null());
  REQUIRE(x["picks"].size() == 1);
  const auto& pick = x["picks"][0];
  CHECK(pick["chosen"].is_null());
  CHECK(pick["refused"] == "not_ready");
  CHECK(finding(pick, "a") == "drained");
  CHECK(finding(pick, "c") == "in_maintenance");
  CHECK(finding(pick, "d") == "other_model");
}

TEST_CASE("what is not known is said in one sentence", "[e2e][records]") {
  stage on{sim};
  on.start(accounts);
  const auto id = GENERATE(as<std::string>{}, "req_1_999999", "nothing",
                           "req_/x y");
  const auto x = on.rota({"explain", id});
  CHECK(x.code == 1);
  CHECK_THAT(x.err, StartsWith("rota: There is no record of a request " + id));
  CHECK(x.out.empty());
}

TEST_CASE("every answer names its request", "[e2e][records]") {
  stage on{sim};
  on.start(accounts);
  const auto port = on.api_port();
  const auto post = [&](const std::string& path, const std::string& what) {
    return request(port, "POST", path, what);
  };
  for (const auto& x :
       {chat(on), post("/v1/chat/completions", "{"),
        post("/v1/chat/completions", body("")), post("/nothing", "{}"),
        post("/v1/chat/completions", body("unheard-of")),
        request(port, "GET", "/v1/models"),
        request(port, "DELETE", "/v1/chat/completions")}) {
    INFO(x.head);
    CHECK_THAT(x.header("x-request-id"), StartsWith("req_1_"));
    CHECK(x.header("x-rota-account").empty()); // Unless it is configured.
  }
}

TEST_CASE("what breaks the rules of HTTP has a name, too", "[e2e][records]") {
  stage on{sim};
  on.start("api: {max_body_bytes: 1KiB}\n" + accounts);
  const auto x = request(on.api_port(), "POST", "/v1/chat/completions",
                         std::string(2'000, ' '));
  CHECK(x.status == 413);
  CHECK_THAT(x.header("x-request-id"), StartsWith("req_1_"));
}

TEST_CASE("a request is found by its client's own name", "[e2e][records]") {
  stage on{sim};
  on.start(accounts);
  CHECK(chat(on, "X-Request-Id: my-own.1\r\n").header("x-request-id")
        == "my-own.1");
  const auto x = explained(on, "my-own.1");
  CHECK(x["client_request_id"] == "my-own.1");
  CHECK_THAT(x["id"].get<std::string>(), StartsWith("req_1_"));
  CHECK(on.ask({"explain", x["id"].get<std::string>()}) == x);
}

TEST_CASE("a record behind one that is damaged is not called unknown",
          "[e2e][records]") {
  stage on{sim};
  on.start(accounts);
  chat(on, "X-Request-Id: my-own.1\r\n");
  CHECK(on.stop() == 0);
  put(on.dir / "state/store", "record", be32(1) + be64(999), "no record");
  on.restart();
  const auto x = on.rota({"explain", "my-own.1"});
  CHECK(x.code == 1);
  CHECK(x.err == "rota: A record is damaged; rota fsck says more.\n");
  CHECK(on.rota({"requests"}).err == x.err);
}

TEST_CASE("records outlive a kill, and are limited", "[e2e][records]") {
  stage on{sim};
  on.start("records: {max: 4}\n" + accounts);
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i)
    ids.push_back(chat(on).header("x-request-id"));
  await_records(on, 4);
  const auto before = on.ask({"requests"});
  on.kill();
  on.restart();
  CHECK(on.ask({"requests"}) == before);
  for (int i = 0; i < 4; ++i)
    ids.push_back(chat(on).header("x-request-id"));
  CHECK_THAT(ids.back(), StartsWith("req_2_"));
  explained(on, ids.back());
  wait_until("the oldest are gone", [&] {
    return on.ask({"requests"}).size() == 4;
  });
  const auto after = on.ask({"requests"});
  for (size_t i = 0; i < 4; ++i)
    CHECK(after[i]["id"] == ids[7 - i]);
  CHECK(on.rota({"explain", ids[0]}).code == 1);
  on.stop();
  const auto report
    = on.ask({"fsck", "--state-dir", on.dir / "state"});
  CHECK(report["records"] == 4);
  CHECK(on.ask({"snapshot", "--state-dir", on.dir / "state"})["records"] == 4);
}

TEST_CASE("no records are kept where none are wanted", "[e2e][records]") {
  stage on{sim};
  on.start("records: {keep: 0s}\n" + accounts);
  const auto id = chat(on).header("x-request-id");
  wait_until("it is booked", [&] {
    return on.ask({"account", "a"})["calls"] == 1;
  });
  CHECK(on.rota({"explain", id}).code == 1);
  CHECK(on.ask({"requests"}).empty());
  on.rewrite(accounts); // From now on they are.
  on.ask({"reload"});
  explained(on, chat(on).header("x-request-id"));
}

TEST_CASE("what records cost is what clients have spent",
          "[e2e][records]") {
  const std::string alice = "sk-rota-alice-0123456789abcdef";
  const std::string bob = "sk-rota-bob-0123456789abcdef00";
  const auto hash = [](const std::string& x) {
    return "sha256:" + to_hex(sha256_of_text(x));
  };
  stage on{sim};
  on.sim_post("/sim/script",
              "script:\n  - {match: {account: a}, action: {status: 429}}\n");
  on.start(accounts + "clients:\n  - {name: alice, tokens: [" + hash(alice)
           + "]}\n  - {name: bob, models: [gpt-5-mini], requests_per_minute: 5,"
             " tokens: ["
           + hash(bob) + "]}\n");
  const auto bearer = [](const std::string& x) {
    return "Authorization: Bearer " + x + "\r\n";
  };
  for (int i = 0; i < 10; ++i)
    CHECK(chat(on, bearer(alice), body("gpt-5-mini", i % 2 == 0)).status
          == 200);
  int refused = 0;
  for (int i = 0; i < 7; ++i)
    refused += chat(on, bearer(bob)).status == 429;
  CHECK(refused == 2);
  CHECK(chat(on, bearer(bob), body("other")).status >= 400);
  CHECK(chat(on, bearer("sk-rota-stranger-0123456789abc")).status == 401);
  await_records(on, 18); // Strangers leave none.
  std::map<std::string, money> spent;
  for (const auto& x : on.ask({"requests", "--limit", "1000"}))
    spent[x["client"]] += usd(x["cost"]);
  wait_until("all is booked", [&] {
    for (const auto& x : on.ask({"clients"}))
      if (x["in_flight"] != 0 || usd(x["held"]) != money{})
        return false;
    return true;
  });
  for (const auto& x : on.ask({"clients"})) {
    INFO(x.dump());
    CHECK(usd(x["spent"]) > money{});
    CHECK(usd(x["spent"]) == spent[x["name"]]);
  }
  CHECK(on.ask({"requests", "--client", "bob"}).size() == 8);
  const auto failed = on.ask({"requests", "--client", "bob", "--failed"});
  REQUIRE(failed.size() == 3);
  for (const auto& x : failed)
    CHECK(x["outcome"] == "refused");
  CHECK(on.ask({"requests", "--account", "b", "--limit", "3"}).size() == 3);
  CHECK(on.ask({"requests", "--model", "other"}).size() == 1);
  CHECK(on.ask({"requests", "--since", "1h"}).size() == 18);
  CHECK(on.ask({"requests", "--since", "2099-01-01T00:00:00Z"}).empty());
  CHECK(on.rota({"requests", "--since", "soon"}).code == 2);
  const auto table = on.rota({"requests", "--client", "alice"}).out;
  CHECK_THAT(table, StartsWith("REQUEST"));
  CHECK_THAT(table, ContainsSubstring("gpt-5-mini"));
  on.stop();
  CHECK(on.rota({"fsck", "--state-dir", on.dir / "state"}).code == 0);
}
