// The simulator without its sockets: books, probes, scripts, its own pages.

#include "tests/support/catch.hpp"

#include "tests/sim/wire_usage.hpp"
#include "tools/sim/answer.hpp"
#include "tools/sim/draw.hpp"
#include "tools/sim/load.hpp"
#include "tools/sim/simulator.hpp"

#include <nlohmann/json.hpp>

using namespace rota;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::string head = "prices: {default: {input: 1, output: 4}}\n";

/// A simulator on a clock that the test moves.
struct bench {
  explicit bench(const std::string& yaml)
      : provider{checked(yaml), 1'795'420'800} {
    // nop
  }

  static sim::options checked(const std::string& yaml) {
    const auto x = sim::parse_options(yaml, "test");
    REQUIRE(x.faults == std::vector<std::string>{});
    return x.opts;
  }

  sim::http_reply send(std::string_view method, std::string_view target,
                       std::string_view body, std::string_view key,
                       std::string_view marker = {}) {
    sim::http_request x;
    x.method = method;
    x.target = target;
    x.body = body;
    const auto bearer = "Bearer " + std::string{key};
    x.authorization = bearer;
    x.user_id = "7";
    x.marker = marker;
    return provider.handle(x, now);
  }

  sim::http_reply ask(const std::string& prompt, std::string_view key = "k",
                      const std::string& more = {}) {
    return send("POST", "/v1/completions",
                R"({"model":"m","prompt":")" + prompt + "\"" + more + "}", key);
  }

  json get(std::string_view target, std::string_view key = "k") {
    return json::parse(send("GET", target, {}, key).body);
  }

  json post(std::string_view target, std::string_view body) {
    return json::parse(send("POST", target, body, {}).body);
  }

  json account(size_t i = 0) {
    return get("/sim/books").at("accounts").at(i);
  }

  sim::simulator provider;
  sim::microseconds now{0};
};

/// One input token and 64 output tokens at those prices.
constexpr sim::nanos usual = 257'000;

} // namespace

TEST_CASE("the true books move at once, probes see it later", "[sim]") {
  bench x{head
          + "accounts: [{key: k, balance: 1, posting_lag: 60s, user_id: 7, "
            "access_token: t}]\n"};
  const auto left = [&x] {
    return x.get("/api/usage/token/").at("data").at("total_available");
  };
  CHECK(left() == 500'000);
  x.ask("x");
  CHECK(x.account().at("balance") == "0.999743000");
  x.now = 59s;
  CHECK(left() == 500'000);
  CHECK(x.get("/v1/dashboard/billing/usage").at("total_usage") == 0);
  x.now = 60s;
  // 499,871.5 quota, rounded down.
  CHECK(left() == 499'871);
  const auto self = x.get("/api/user/self", "t").at("data");
  CHECK(self.at("quota") == 499'871);
  CHECK(self.at("used_quota") == 129);
  const auto cents = x.get("/v1/dashboard/billing/usage").at("total_usage");
  CHECK(cents.dump() == "0.0258");
  CHECK(x.get("/v1/dashboard/billing/subscription").at("hard_limit_usd") == 1);
}

TEST_CASE("the console wants the right token and user", "[sim]") {
  bench x{head
          + "accounts: [{key: k, balance: 1, user_id: 8, "
            "access_token: t}]\n"};
  const auto refused = x.send("GET", "/api/user/self", {}, "t");
  CHECK(refused.status == 401);
  CHECK_THAT(refused.body, ContainsSubstring("不匹配"));
  const auto wrong = x.send("GET", "/api/user/self", {}, "k");
  CHECK(wrong.status == 200); // As those sites do.
  CHECK(json::parse(wrong.body).at("success") == false);
  sim::http_request cookie;
  cookie.method = "GET";
  cookie.target = "/api/user/self";
  cookie.cookie = "acw_tc=1; session=t; x=y";
  cookie.user_id = "8";
  CHECK(json::parse(x.provider.handle(cookie, 0s).body).at("success") == true);
}

TEST_CASE("an account answers until its money is gone", "[sim]") {
  const std::string accounts =
      "accounts:\n"
      "  - {key: vendor, balance: 0.0004, style: openai}\n"
      "  - {key: careful, balance: 0.0004}\n"
      "  - {key: careless, balance: -1, overdraft: allow}\n";
  bench x{head + accounts};
  // A vendor lets the balance pass zero once.
  CHECK(x.ask("x", "vendor").status == 200);
  CHECK(x.ask("x", "vendor").status == 200);
  CHECK(x.ask("x", "vendor").status == 429);
  CHECK(x.account(0).at("balance") == "-0.000114000");
  CHECK(x.account(0).at("refused_calls") == 1);
  CHECK(x.account(0).at("calls") == 3);
  // A relay asks for 500 input tokens and all of max_tokens.
  const auto refused = x.ask("x", "careful");
  CHECK(refused.status == 403);
  CHECK_THAT(refused.body, ContainsSubstring("预扣费额度失败, 用户剩余额度: "
                                             "＄0.000400, 需要预扣费额度: "
                                             "＄0.000500"));
  x.post("/sim/accounts/account-2/topup", R"({"usd": "0.0002"})");
  CHECK(x.ask("x", "careful").status == 200);
  x.post("/sim/accounts/account-2/topup", R"({"usd": 0.0007})");
  CHECK(x.ask("x", "careful", ",\"max_tokens\":200").status == 403);
  CHECK(x.ask("x", "careful", ",\"max_tokens\":100").status == 200);
  CHECK(x.ask("x", "careless").status == 200);
}

TEST_CASE("scripted failures are charged as they say", "[sim]") {
  bench x{head
          + "accounts: [{name: a, key: k, balance: 1}]\n"
            "script:\n"
            "  - {name: s, match: {first: 1}, action: {status: 500}}\n"
            "  - {match: {first: 1}, action: {status: 500, charge: true}}\n"
            "  - {match: {first: 1}, action: {html: true}}\n"
            "  - {match: {first: 1}, action: {empty: true}}\n"
            "  - {match: {first: 1}, action: {reset: before_headers}}\n"
            "  - {match: {first: 1}, action: {reset: after_headers}}\n"
            "  - {match: {first: 1}, action: {truncate: 5}}\n"
            "  - {match: {first: 1}, action: {stall: forever}}\n"
            "  - {match: {first: 1}, action: {stall: 1s, charge: false}}\n"
            "  - {match: {first: 1}, action: {delay: 1s}}\n"};
  const std::vector<bool> charged{false, true, false, false, false,
                                  true,  true, true,  false, true};
  int sum = 0;
  for (size_t i = 0; i < charged.size(); ++i) {
    INFO(i);
    // Rules count on their own, so each call meets the next rule.
    const auto got = x.ask("x");
    CHECK(got.status == (i < 2 ? 500 : 200));
    sum += charged[i];
    CHECK(x.account().at("charged_calls") == sum);
    CHECK(x.account().at("charged") == sim::usd_text(sum * usual));
  }
  CHECK(x.account().at("failed_calls") == 8);
  CHECK(x.account().at("calls") == 10);
  const auto calls = x.get("/sim/calls?limit=10").at("calls");
  CHECK(calls.at(0).at("action") == "s");
  CHECK(calls.at(4).at("status") == 0); // Reset before anything was said.
  CHECK(calls.at(5).at("status") == 200);
  CHECK(x.get("/sim/executions?min=5").at("executions").at(0).at("count") == 5);
}

TEST_CASE("a refused call is not charged, whatever the script says", "[sim]") {
  bench x{head
          + "accounts: [{key: k, balance: 0}]\n"
            "script: [{action: {status: 500, charge: true}}]\n"};
  CHECK(x.ask("x").status == 500);
  CHECK(x.account().at("charged") == "0.000000000");
}

TEST_CASE("rules may meet probes, by path", "[sim]") {
  bench x{head
          + "accounts: [{name: a, key: k, balance: 1, user_id: 7, "
            "access_token: t}]\n"
            "script:\n"
            "  - {match: {account: a, path: /api/user/*}, "
            "action: {html: true}}\n"};
  CHECK(x.send("GET", "/api/user/self", {}, "t").content_type
        == "text/html; charset=utf-8");
  CHECK(x.send("GET", "/api/usage/token/", {}, "k").status == 200);
  CHECK(x.ask("x").status == 200);
}

TEST_CASE("scripts move money at a time", "[sim]") {
  bench x{head
          + "accounts: [{name: a, key: k, balance: 1}, "
            "{name: b, key: l, balance: 2}]\n"
            "script:\n"
            "  - {match: {key: k, after: 5s}, action: {top_up: 3}}\n"
            "  - {match: {account: a, after: 9s}, action: {balance: 0.5}}\n"};
  x.now = 4s;
  CHECK(x.account().at("balance") == "1.000000000");
  x.now = 5s;
  CHECK(x.account().at("balance") == "4.000000000");
  x.now = 20s;
  CHECK(x.account().at("balance") == "0.500000000");
  CHECK(x.account().at("topped_up") == "-0.500000000");
  CHECK(x.account(1).at("balance") == "2.000000000");
}

TEST_CASE("scripts can be replaced, and everything begun anew", "[sim]") {
  bench x{head
          + "accounts: [{name: a, key: k, balance: 1}]\n"
            "script: [{action: {status: 500}}]\n"};
  CHECK(x.ask("x").status == 500);
  x.now = 100s;
  const auto bad = x.send("POST", "/sim/script", "[{action: {jump: 1}}]", {});
  CHECK(bad.status == 400);
  CHECK(json::parse(bad.body).at("faults").size() == 2);
  CHECK(x.ask("x").status == 500);
  CHECK(x.post("/sim/script",
               R"([{"match": {"after": "1s"}, "action": {"status": 429}}])")
            .at("rules")
        == 1);
  CHECK(x.ask("x").status == 200);
  x.now = 101s;
  CHECK(x.ask("x").status == 429);
  x.post("/sim/accounts/a/balance", R"({"usd": "7"})");
  CHECK(x.account().at("balance") == "7.000000000");
  x.post("/sim/reset", "");
  CHECK(x.account().at("balance") == "1.000000000");
  CHECK(x.account().at("calls") == 0);
  CHECK(x.get("/sim/calls").at("total") == 0);
  CHECK(x.get("/sim/executions?min=1").at("distinct") == 0);
  CHECK(x.ask("x").status == 500);
}

TEST_CASE("the simulator's own pages refuse what they do not know", "[sim]") {
  bench x{head + "accounts: [{name: a, key: k, balance: 1}]\n"};
  CHECK(x.send("GET", "/sim/nothing", {}, {}).status == 404);
  CHECK(x.send("GET", "/sim/books?key=none", {}, {}).status == 404);
  CHECK(x.send("POST", "/sim/accounts/b/topup", "{}", {}).status == 404);
  CHECK(x.send("POST", "/sim/accounts/a/burn", "{}", {}).status == 404);
  for (const auto body : {"", "5", "{}", R"({"usd": "much"})",
                          R"({"usd": [1]})", R"({"usd": null})"})
    CHECK(x.send("POST", "/sim/accounts/a/topup", body, {}).status == 400);
  CHECK(x.account().at("balance") == "1.000000000");
  CHECK(x.get("/sim/books?key=k").at("accounts").size() == 1);
}

TEST_CASE("calls carry their caller's marker", "[sim]") {
  bench x{head + "accounts: [{name: a, key: secret-key-1234, balance: 1}]\n"};
  const auto body = R"({"model":"m","prompt":"x","metadata":{"line": "7"}})";
  x.send("POST", "/v1/completions", body, "secret-key-1234", "job-9");
  x.send("POST", "/v1/completions", body, "secret-key-1234");
  const auto calls = x.get("/sim/calls?limit=2").at("calls");
  CHECK(calls.at(0).at("marker") == "job-9");
  CHECK(calls.at(1).at("marker") == R"({"line":"7"})");
  CHECK(calls.at(0).at("body") == calls.at(1).at("body"));
  CHECK(x.account().at("key_suffix") == "1234");
  CHECK(x.get("/sim/books").dump().find("secret") == std::string::npos);
}

TEST_CASE("the same seed answers the same", "[sim]") {
  const auto yaml = [](int seed) {
    return head + "seed: " + std::to_string(seed)
           + "\nreplies: {output_tokens: {min: 1, max: 500}}\n"
             "accounts: [{key: k, balance: 1}]\n";
  };
  const auto said = [](bench& x, const std::string& prompt) {
    const auto got = json::parse(x.ask(prompt).body);
    return std::pair{got.at("choices").dump(), got.at("usage").dump()};
  };
  bench one{yaml(1)};
  bench same{yaml(1)};
  bench other{yaml(2)};
  const auto first = said(one, "a");
  const auto second = said(one, "b");
  CHECK(first != second);
  CHECK(said(same, "b") == second); // Whatever came before.
  CHECK(said(same, "a") == first);
  CHECK(said(other, "a") != first);
}

TEST_CASE("an echo repeats the last text, up to the limit", "[sim]") {
  bench x{head
          + "replies: {output_tokens: echo}\n"
            "accounts: [{key: k, balance: 1}]\n"};
  const auto ask = [&x](const std::string& body) {
    return json::parse(x.send("POST", "/v1/chat/completions", body, "k").body);
  };
  const auto whole = ask(
      R"({"model":"m","messages":[{"role":"system","content":"be brief"},)"
      R"({"role":"user","content":[{"type":"text","text":"Rhône \"1\"\n"}]}]})");
  const auto& message = whole.at("choices").at(0);
  CHECK(message.at("message").at("content") == "Rhône \"1\"\n");
  CHECK(message.at("finish_reason") == "stop");
  CHECK(whole.at("usage").at("completion_tokens") == 3);
  const auto cut = ask(R"({"model":"m","max_completion_tokens":1,)"
                       R"("messages":[{"role":"user","content":"abcôdef"}]})");
  // Four bytes end within a letter, which is left out.
  CHECK(cut.at("choices").at(0).at("message").at("content") == "abc");
  CHECK(cut.at("choices").at(0).at("finish_reason") == "length");
}

TEST_CASE("input tokens are text bytes by four", "[sim]") {
  bench x{head + "accounts: [{key: k, balance: 1}]\n"};
  const auto tokens = [&x](const std::string& body) {
    const auto got = x.send("POST", "/v1/chat/completions", body, "k");
    return json::parse(got.body).at("usage").at("prompt_tokens");
  };
  CHECK(tokens(R"({"model":"m","messages":[]})") == 1);
  // "user" and 8 bytes: 12.
  CHECK(tokens(R"({"model":"m","messages":[{"role":"user",)"
               R"("content":"12345678"}]})")
        == 3);
  CHECK(tokens(R"({"model":"m","messages":[{"role":"user",)"
               R"("content":"123456789"}],"user":"not counted"})")
        == 4);
}

TEST_CASE("bad bodies are refused and cost nothing", "[sim]") {
  bench x{head
          + "accounts: [{key: k, balance: 1}, "
            "{key: a, balance: 1, style: anthropic}]\n"};
  for (const auto body : {"", "{", "[]", "5", "{}", R"({"model":"m"})",
                          R"({"messages":[]})", R"({"model":5,"messages":[]})"})
    CHECK(x.send("POST", "/v1/chat/completions", body, "k").status == 400);
  CHECK(x.account().at("refused_calls") == 8);
  const auto no_limit =
      x.send("POST", "/v1/messages", R"({"model":"m","messages":[]})", "a");
  CHECK(no_limit.status == 400);
  CHECK_THAT(no_limit.body, ContainsSubstring("anthropic-version"));
  CHECK(x.get("/sim/books").at("total_charged") == "0.000000000");
}

TEST_CASE("counting and moderating are free", "[sim]") {
  bench x{head + "accounts: [{key: k, balance: 1}]\n"};
  const auto flagged =
      json::parse(x.send("POST", "/v1/moderations",
                         R"({"model":"m","input":["a","b"]})", "k")
                      .body);
  CHECK(flagged.at("results").size() == 2);
  const auto count =
      json::parse(x.send("POST", "/v1beta/models/m:countTokens",
                         R"({"contents":[{"parts":[{"text":"12345"}]}]})", "k")
                      .body);
  CHECK(count.at("totalTokens") == 2);
  CHECK(x.account().at("calls") == 2);
  CHECK(x.account().at("charged_calls") == 0);
  CHECK(x.get("/sim/executions?min=1").at("total") == 0);
}

TEST_CASE("embeddings come as numbers or as base64", "[sim]") {
  bench x{head
          + "replies: {embedding_dimensions: 3}\n"
            "accounts: [{key: k, balance: 1}]\n"};
  const auto ask = [&x](const std::string& more) {
    const auto got =
        x.send("POST", "/v1/embeddings",
               R"({"model":"m","input":["a","b"])" + more + "}", "k");
    return json::parse(got.body).at("data");
  };
  const auto numbers = ask("");
  REQUIRE(numbers.size() == 2);
  CHECK(numbers.at(0).at("embedding").size() == 3);
  CHECK(numbers.at(0).at("embedding") != numbers.at(1).at("embedding"));
  // Three floats are twelve bytes are sixteen letters.
  const auto letters = ask(R"(,"encoding_format":"base64")");
  CHECK(letters.at(1).at("embedding").get<std::string>().size() == 16);
}

TEST_CASE("accounts have prices, models and latency of their own", "[sim]") {
  bench x{head
          + "latency: {first_byte: 5ms}\n"
            "accounts:\n"
            "  - {key: k, balance: 1, multiplier: 0.5}\n"
            "  - key: l\n"
            "    balance: 1\n"
            "    prices: {m: {input: 2, output: 2}}\n"
            "    models: [m, n]\n"
            "    latency: {first_byte: 9ms}\n"};
  CHECK(x.ask("x", "k").delay == 5ms);
  CHECK(x.ask("x", "l").delay == 9ms);
  CHECK(x.account(0).at("charged") == sim::usd_text(128'500));
  CHECK(x.account(1).at("charged") == sim::usd_text(130'000));
  CHECK(x.get("/v1/models", "l").at("data").size() == 2);
  CHECK(x.send("POST", "/v1/completions", R"({"model":"z","prompt":"x"})", "l")
            .status
        == 403);
}

TEST_CASE("delays are drawn as their distribution says", "[sim]") {
  using sim::distribution;
  CHECK(sim::draw_delay({}, 5) == 0us);
  CHECK(sim::draw_delay({distribution::fixed, 20ms, 0us, 0}, 5) == 20ms);
  const sim::delay_options uniform{distribution::uniform, 10ms, 20ms, 0};
  const sim::delay_options normal{distribution::lognormal, 100ms, 300ms, 0.5};
  int below = 0;
  for (uint64_t i = 0; i < 2'000; ++i) {
    const auto x = sim::draw_delay(uniform, sim::draw(1, i, 0));
    REQUIRE((x >= 10ms && x <= 20ms));
    const auto y = sim::draw_delay(normal, sim::draw(1, i, 1));
    REQUIRE((y > 0ms && y <= 300ms));
    below += y < 100ms;
  }
  CHECK(below > 900); // Half of them: it is the median.
  CHECK(below < 1'100);
}
