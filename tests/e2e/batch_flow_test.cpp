// Whole flows: rota -> rotad -> rota-sim over real HTTP.

#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

#include "messages/money.hpp"

#include <map>
#include <set>
#include <sstream>

using namespace rota;

namespace {

const std::string four_accounts = R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 30.00}
  - {name: c, key: key-c, balance: 25.00}
  - {name: d, key: key-d, balance: 15.00}
prices:
  default: {input: 0.25, output: 2.00, cache_read: 0.025}
replies: {output_tokens: {min: 5, max: 60}, cached_share: 0.3}
)";

std::string pool(const std::string& more = {}) {
  return R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B, balance: {initial: 30.00}}
  - {name: c, provider: openai, base_url: SIM, api_key: env:KEY_C, balance: {initial: 25.00}}
  - {name: d, provider: openai, base_url: SIM, api_key: env:KEY_D, balance: {initial: 15.00}}
)" + more;
}

money usd(const json& text) {
  return parse_money(text.get<std::string>()).value();
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> result;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    result.push_back(json::parse(line));
  return result;
}

bool says_price(const std::string& text) {
  return text.find("The price of house-brand is not known") != text.npos;
}

/// Each account of the pool with its row in the simulator's books.
std::map<std::string, std::pair<json, json>> both_books(stage& on) {
  std::map<std::string, std::pair<json, json>> result;
  for (const auto& x : on.ask({"accounts"}))
    result[x["name"]].first = x;
  const auto books = on.books();
  for (const auto& x : books["accounts"])
    result[x["name"]].second = x;
  return result;
}

/// What OpenAI's batch output must look like, line by line.
void check_openai_output(const std::vector<json>& lines) {
  for (const auto& x : lines) {
    REQUIRE(x["id"].get<std::string>().starts_with("batch_req_"));
    REQUIRE(x["custom_id"].is_string());
    REQUIRE(x["error"].is_null());
    REQUIRE(x["response"]["status_code"] == 200);
    REQUIRE(x["response"]["request_id"].is_string());
    REQUIRE(x["response"]["body"]["object"] == "chat.completion");
    REQUIRE(x["response"]["body"]["choices"].size() == 1);
    REQUIRE(x["response"]["body"]["usage"]["total_tokens"].is_number());
  }
}

} // namespace

TEST_CASE("1,000 lines over a failing and a poor account", "[e2e]") {
  // b fails 30 % of its calls, d runs dry half-way: it has what some hundred
  // lines cost.
  stage on{R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 30.00}
  - {name: c, key: key-c, balance: 25.00}
  - {name: d, key: key-d, balance: 1.008, overdraft: refuse}
prices:
  default: {input: 0.25, output: 2.00, cache_read: 0.025}
replies: {output_tokens: {min: 5, max: 60}, cached_share: 0.3}
script:
  - match: {account: b, probability: 0.3}
    action: {status: 500, body: '{"error":{"message":"oops","type":"server_error","param":null,"code":null}}'}
)"};
  auto config = pool("routing: {strategy: least_used}\n"
                     "health: {eject_base: 100ms, eject_max: 200ms}\n");
  config.replace(config.find("initial: 15.00"), 14, "initial: 1.008");
  on.start(config);
  write_file(on.dir / "jobs.jsonl", chat_lines(1'000));
  const auto submitted = on.rota({"submit", on.dir / "jobs.jsonl", "--wait",
                                  "-o", on.dir / "out.jsonl", "--errors",
                                  on.dir / "err.jsonl"});
  INFO(submitted.err);
  CHECK(submitted.code == 0);
  const auto good = lines_of(read_file(on.dir / "out.jsonl"));
  CHECK(read_file(on.dir / "err.jsonl").empty());
  check_openai_output(good);
  std::set<std::string> ids;
  for (const auto& x : good)
    ids.insert(x["custom_id"]);
  CHECK(good.size() == 1'000);
  CHECK(ids.size() == 1'000);
  for (const auto& [name, both] : both_books(on)) {
    CAPTURE(name, both.first.dump(), both.second.dump());
    CHECK(usd(both.first["spent"]) == usd(both.second["charged"]));
    // What b failed at was hardly charged, and is held until that would show.
    CHECK(usd(both.first["held"]) == usd(both.first["in_doubt_amount"]));
    CHECK((usd(both.first["held"]) == money{}) == (name != "b"));
    // Never below the floor by more than one request's overrun.
    CHECK(usd(both.second["balance"])
          >= usd(both.first["floor"]) - money{200'000});
  }
  const auto books = both_books(on);
  CHECK(books.at("b").first["failures"].get<uint64_t>() > 0);
  CHECK(books.at("d").first["calls"].get<uint64_t>() > 0);
  CHECK(usd(books.at("d").first["available"]) < money{1'001'000'000});
  CHECK(on.stop() == 0);
}

TEST_CASE("100 equal lines split as the money is", "[e2e]") {
  stage on{four_accounts};
  on.start(pool("routing: {strategy: proportional}\n"));
  write_file(on.dir / "jobs.jsonl", chat_lines(100));
  CHECK(on.rota({"submit", on.dir / "jobs.jsonl", "--wait"}).code == 0);
  std::map<std::string, uint64_t> calls;
  for (const auto& x : on.ask({"accounts"}))
    calls[x["name"]] = x["calls"];
  CHECK(calls["a"] == 30);
  CHECK(calls["b"] == 30);
  CHECK(calls["c"] == 25);
  CHECK(calls["d"] == 15);
}

TEST_CASE("each family of files comes back in its own shape", "[e2e]") {
  stage on{R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 30.00}
  - {name: c, key: key-c, balance: 30.00}
prices:
  claude-sonnet-4-5: {input: 3, output: 15, cache_read: 0.3, cache_write_5m: 3.75, cache_write_1h: 6}
  gemini-2.5-flash: {input: 0.3, output: 2.5, cache_read: 0.03}
  gpt-5-mini: {input: 0.25, output: 2, cache_read: 0.025}
  text-embedding-3-small: {input: 0.02, output: 0}
)"};
  on.start(R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
  - {name: b, provider: anthropic, base_url: SIM, api_key: env:KEY_B, balance: {initial: 30.00}}
  - {name: c, provider: gemini, base_url: SIM, api_key: env:KEY_C, balance: {initial: 30.00}}
)");
  const auto run = [&on](const std::string& text,
                         std::vector<std::string> more = {}) {
    write_file(on.dir / "in", text);
    std::vector<std::string> command{"submit", on.dir / "in", "--wait", "-o",
                                     on.dir / "out"};
    command.insert(command.end(), more.begin(), more.end());
    const auto x = on.rota(command);
    INFO(x.err);
    CHECK(x.code == 0);
    const auto lines = lines_of(read_file(on.dir / "out"));
    REQUIRE(lines.size() == 1);
    return lines[0];
  };
  SECTION("Anthropic") {
    const auto x = run(
      R"({"custom_id":"x","params":{"model":"claude-sonnet-4-5","max_tokens":50,)"
      R"("messages":[{"role":"user","content":"hi"}]}})" "\n");
    CHECK(x["custom_id"] == "x");
    CHECK(x["result"]["type"] == "succeeded");
    CHECK(x["result"]["message"]["type"] == "message");
  }
  SECTION("Anthropic, as one object") {
    const auto x = run(
      R"({"requests":[{"custom_id":"x","params":{"model":"claude-sonnet-4-5",)"
      R"("max_tokens":50,"messages":[{"role":"user","content":"hi"}]}}]})");
    CHECK(x["result"]["type"] == "succeeded");
  }
  SECTION("Gemini") {
    const auto x = run(
      R"({"key":"k","request":{"contents":[{"role":"user","parts":[)"
      R"({"text":"hi"}]}]}})" "\n",
      {"--model", "gemini-2.5-flash"});
    CHECK(x["key"] == "k");
    CHECK(x["response"]["candidates"].size() == 1);
  }
  SECTION("bare bodies") {
    const auto x = run(
      R"({"model":"gpt-5-mini","messages":[{"role":"user","content":"hi"}]})");
    CHECK(x["response"]["body"]["object"] == "chat.completion");
  }
  SECTION("embeddings") {
    const auto x = run(
      R"({"custom_id":"e","method":"POST","url":"/v1/embeddings","body":)"
      R"({"model":"text-embedding-3-small","input":"hi"}})");
    CHECK(x["response"]["body"]["object"] == "list");
  }
  SECTION("Responses") {
    const auto x = run(
      R"({"custom_id":"e","method":"POST","url":"/v1/responses","body":)"
      R"({"model":"gpt-5-mini","input":"hi"}})");
    CHECK(x["response"]["body"]["object"] == "response");
  }
  for (const auto& [name, both] : both_books(on))
    CHECK(usd(both.first["spent"]) == usd(both.second["charged"]));
}

TEST_CASE("an estimate counts the accounts that can serve the file", "[e2e]") {
  stage on{four_accounts};
  on.start(R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 3.00}, multiplier: 2, tags: [eu]}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B, balance: {initial: 40.00}, models: [gpt-5-nano]}
  - {name: c, provider: anthropic, base_url: SIM, api_key: env:KEY_C, balance: {initial: 50.00}}
  - {name: d, provider: openai, base_url: SIM, api_key: env:KEY_D, balance: {initial: 5.00}}
)");
  const auto estimate = [&on](const std::string& model, size_t lines,
                              std::vector<std::string> more = {}) {
    write_file(on.dir / "in", chat_lines(lines, model, 1'000));
    more.insert(more.begin(), {"estimate", on.dir / "in"});
    return on.ask(more);
  };
  // One dollar of each account is its floor.
  auto x = estimate("gpt-5-mini", 100);
  CHECK(x["accounts"] == 2);
  CHECK(usd(x["available"]) == money{6'000'000'000});
  CHECK(usd(x["charged_max"]).nanos == 2 * usd(x["cost_max"]).nanos);
  CHECK(x["fits"] == true);
  CHECK(x["price_unknown"].empty());
  // What a has left pays for half as much at list price: that makes five.
  CHECK(estimate("gpt-5-mini", 3'000)["fits"] == false);
  x = estimate("gpt-5-mini", 100, {"--tag", "eu"});
  CHECK(x["accounts"] == 1);
  CHECK(usd(x["available"]) == money{2'000'000'000});
  on.ask({"account", "a", "drain"});
  CHECK(estimate("gpt-5-mini", 100)["accounts"] == 1);
  x = estimate("gpt-5-mini-pro", 1);
  CHECK(x["price_unknown"].empty());
  CHECK(x["price_by_prefix"] == json{{"gpt-5-mini-pro", "gpt-5-mini"}});
  x = estimate("house-brand", 1);
  CHECK(x["price_by_prefix"].empty());
  CHECK(x["price_unknown"] == json::array({"house-brand"}));
  CHECK(says_price(on.rota({"estimate", on.dir / "in"}).out));
}

TEST_CASE("a line that is too dear for any account is named", "[e2e]") {
  stage on{four_accounts};
  on.start(R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 2.00}}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B, balance: {initial: 3.00}}
)");
  auto dear = chat_lines(1, "gpt-5-mini", 3'000'000); // Six dollars of output.
  dear.replace(dear.find("id-0"), 4, "dear");
  auto lines = chat_lines(20);
  lines.insert(lines.find('\n', lines.find('\n') + 1) + 1, dear);
  write_file(on.dir / "in", lines);
  CHECK(on.rota({"submit", on.dir / "in"}).code == 0);
  json batch;
  wait_until("all lines but one have ended", [&] {
    batch = on.ask({"batch", "batch_1"});
    return batch["succeeded"] == 20;
  });
  const std::string why = batch["waiting_for"];
  CAPTURE(why);
  CHECK(why.starts_with("too little money above the floor, line 3 is "
                        "estimated at 6.0"));
  on.ask({"account", "b", "adjust", "7"});
  CHECK(on.finish("batch_1")["succeeded"] == 21);
}

TEST_CASE("readings move the books only beyond what lag explains", "[e2e]") {
  stage on{R"(
accounts:
  - {name: a, key: key-a, balance: 20.00, posting_lag: 1h}
prices: {default: {input: 0.25, output: 2.00}}
)"};
  on.start(R"(
accounts:
  - name: a
    provider: new_api
    base_url: SIM
    api_key: env:KEY_A
    balance: {probe: newapi_token, posting_lag: 2h}
refresh: {interval: 1s}
)");
  wait_until("the first reading", [&on] {
    return usd(on.ask({"account", "a"})["available"]) == money{20'000'000'000};
  });
  write_file(on.dir / "jobs.jsonl", chat_lines(50));
  CHECK(on.rota({"submit", on.dir / "jobs.jsonl", "--wait"}).code == 0);
  const auto spent = usd(on.ask({"account", "a"})["spent"]);
  CHECK(spent > money{});
  // The provider's figure still says 20.00; it must not bring money back.
  CHECK(on.rota({"account", "a", "refresh"}).code == 0);
  wait_until("another reading", [&on] {
    const auto x = on.books();
    return x["accounts"][0]["calls"].get<uint64_t>() >= 50;
  });
  CHECK(usd(on.ask({"account", "a"})["available"])
        <= money{20'000'000'000} - spent);
}
