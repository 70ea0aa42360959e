// The simulator over real sockets, called with curl.

#include "tests/support/catch.hpp"

#include "tests/sim/sim_fixture.hpp"
#include "tests/sim/wire_usage.hpp"

#include <atomic>
#include <functional>

using namespace rota;
using nlohmann::json;

namespace {

// Odd prices and shares, so that every class of tokens shows in the sum.
const std::string rich = R"(
seed: 11
replies:
  output_tokens: {min: 10, max: 90}
  cached_share: {min: 0.1, max: 0.4}
  cache_write_share: 0.2
  cache_write_1h_share: 0.5
  reasoning_share: 0.3
prices:
  default: {input: 0.3, output: 2.5, cache_read: 0.031, cache_write_5m: 0.377, cache_write_1h: 0.61}
accounts:
  - {key: k, balance: 10, multiplier: 0.873, style: openai}
)";

const sim::prices rich_prices{300'000, 2'500'000, 31'000, 377'000, 610'000};

const std::string plain = R"(
prices: {default: {input: 1, output: 4}}
accounts: [{key: k, balance: 10}]
)";

const std::string bearer = "Authorization: Bearer k";

const std::string long_text =
    "Name two rivers in France and say through which towns they run, from "
    "where they rise to where they end, and how long each of them is.";

std::string chat(const std::string& more = {}) {
  return R"({"model":"m","messages":[{"role":"user","content":")" + long_text
         + "\"}]" + more + "}";
}

std::string with_script(const std::string& rules) {
  return plain + "script:\n" + rules;
}

/// One way to ask, and where its usage stands.
struct protocol {
  std::string name;
  std::string path;
  std::string body;
  std::string header;
  std::function<sim::tokens(const std::string&)> usage;
};

std::string last_event(const std::string& stream) {
  return sse_data(stream).back();
}

sim::tokens anthropic_stream_usage(const std::string& stream) {
  json usage;
  for (const auto& x : sse_data(stream)) {
    const auto event = json::parse(x);
    if (event.at("type") == "message_start")
      usage = event.at("message").at("usage");
    else if (event.at("type") == "message_delta")
      usage.update(event.at("usage"));
  }
  return anthropic_usage(usage);
}

std::vector<protocol> protocols() {
  const auto gemini = R"({"contents":[{"role":"user","parts":[{"text":")"
                      + long_text + "\"}]}]}";
  const auto anthropic =
      R"({"model":"m","max_tokens":500,"messages":[{"role":"user","content":")"
      + long_text + "\"}]";
  const auto input = R"({"model":"m","input":")" + long_text + "\"";
  const std::string version = "anthropic-version: 2023-06-01";
  const auto usage_of = [](const std::string& text) {
    return openai_usage(json::parse(text).at("usage"));
  };
  return {
      {"chat", "/v1/chat/completions", chat(), bearer, usage_of},
      {"chat stream", "/v1/chat/completions",
       chat(R"(,"stream":true,"stream_options":{"include_usage":true})"),
       bearer,
       [](const std::string& text) {
         const auto data = sse_data(text);
         CHECK(data.back() == "[DONE]");
         const auto last = json::parse(data.at(data.size() - 2));
         CHECK(last.at("choices").empty());
         return openai_usage(last.at("usage"));
       }},
      {"completions", "/v1/completions",
       R"({"model":"m","prompt":")" + long_text + "\"}", bearer, usage_of},
      {"responses", "/v1/responses", input + "}", bearer,
       [](const std::string& text) {
         return responses_usage(json::parse(text).at("usage"));
       }},
      {"responses stream", "/v1/responses", input + ",\"stream\":true}", bearer,
       [](const std::string& text) {
         const auto last = json::parse(last_event(text));
         CHECK(last.at("type") == "response.completed");
         return responses_usage(last.at("response").at("usage"));
       }},
      {"embeddings", "/v1/embeddings", input + "}", bearer,
       [](const std::string& text) {
         sim::tokens result;
         result.input = json::parse(text).at("usage").at("prompt_tokens");
         return result;
       }},
      {"messages", "/v1/messages", anthropic + "}", version,
       [](const std::string& text) {
         return anthropic_usage(json::parse(text).at("usage"));
       }},
      {"messages stream", "/v1/messages", anthropic + ",\"stream\":true}",
       version, anthropic_stream_usage},
      {"gemini", "/v1beta/models/m:generateContent", gemini,
       "x-goog-api-key: k",
       [](const std::string& text) {
         return gemini_usage(json::parse(text).at("usageMetadata"));
       }},
      {"gemini stream", "/v1beta/models/m:streamGenerateContent?alt=sse",
       gemini, "x-goog-api-key: k",
       [](const std::string& text) {
         return gemini_usage(json::parse(last_event(text)).at("usageMetadata"));
       }},
      {"gemini array", "/v1beta/models/m:streamGenerateContent?key=k", gemini,
       "x-none: 1",
       [](const std::string& text) {
         return gemini_usage(json::parse(text).back().at("usageMetadata"));
       }},
  };
}

} // namespace

TEST_CASE("usage times price is what the books say", "[sim]") {
  for (const auto& x : protocols()) {
    INFO(x.name);
    running_sim provider{rich};
    http_caller caller{provider.url()};
    auto headers = std::vector<std::string>{x.header};
    if (x.header.starts_with("anthropic"))
      headers.push_back("x-api-key: k");
    const auto got = caller.post(x.path, x.body, headers);
    REQUIRE(got.error == CURLE_OK);
    REQUIRE(got.status == 200);
    const auto used = x.usage(got.body);
    CHECK(used.prompt() > 20);
    const auto charge = sim::charge_of(used, rich_prices, 873'000);
    CHECK(charge > 0);
    const auto books = provider.account();
    CHECK(books.at("charged") == sim::usd_text(charge));
    CHECK(books.at("balance")
          == sim::usd_text(10 * sim::nanos_per_usd - charge));
    CHECK(books.at("charged_calls") == 1);
  }
}

TEST_CASE("a connection carries many calls", "[sim]") {
  running_sim provider{plain};
  http_caller caller{provider.url()};
  CHECK(caller.post("/v1/chat/completions", chat(), {bearer}).connections == 1);
  for (const auto stream : {"", ",\"stream\":true"}) {
    const auto got =
        caller.post("/v1/chat/completions", chat(stream), {bearer});
    CHECK(got.status == 200);
    CHECK(got.connections == 0);
  }
  // A refusal keeps it, too.
  CHECK(caller.post("/v1/chat/completions", "{", {bearer}).status == 400);
  CHECK(caller.get("/sim/books").connections == 0);
}

TEST_CASE("large bodies arrive, also after 100 Continue", "[sim]") {
  running_sim provider{plain + "body_bytes_max: 3000000\n"};
  http_caller caller{provider.url()};
  const auto body = [](size_t n) {
    return R"({"model":"m","messages":[{"role":"user","content":")"
           + std::string(n, 'x') + "\"}]}";
  };
  const auto path = "/v1/chat/completions";
  const auto got =
      caller.post(path, body(2'000'000), {bearer, "Expect: 100-continue"});
  CHECK(got.head.find(" 100 ") != std::string::npos);
  CHECK(got.json().at("usage").at("prompt_tokens") == 500'001);
  CHECK(caller.post(path, body(2'000'000), {bearer, "Expect:"}).status == 200);
  const auto refused = caller.post(path, body(4'000'000), {bearer});
  CHECK((refused.status == 413 || refused.status == 0));
  CHECK(provider.account().at("calls") == 2);
}

TEST_CASE("a reset after the decision is charged, one before is not", "[sim]") {
  running_sim provider{with_script(
      "  - {match: {model: early}, action: {reset: before_headers}}\n"
      "  - {match: {model: late}, action: {reset: after_headers}}\n"
      "  - {match: {model: within}, action: {reset: {at_byte: 20}}}\n")};
  http_caller caller{provider.url()};
  const auto ask = [&](const std::string& model) {
    return caller.post("/v1/completions",
                       R"({"model":")" + model + R"(","prompt":"x"})",
                       {bearer});
  };
  const auto early = ask("early");
  CHECK(early.error != CURLE_OK);
  CHECK(early.status == 0);
  CHECK(provider.account().at("charged_calls") == 0);
  const auto late = ask("late");
  CHECK(late.error == CURLE_RECV_ERROR);
  CHECK(late.status == 200);
  CHECK(late.body.empty());
  CHECK(provider.account().at("charged_calls") == 1);
  const auto within = ask("within");
  CHECK(within.error == CURLE_RECV_ERROR);
  CHECK(within.body.size() == 20);
  const auto books = provider.account();
  CHECK(books.at("charged_calls") == 2);
  CHECK(books.at("failed_calls") == 3);
  // 1 input and 64 output tokens each.
  CHECK(books.at("charged") == sim::usd_text(2 * 257'000));
}

TEST_CASE("truncated bodies and stalls look like that to a caller", "[sim]") {
  running_sim provider{with_script(
      "  - {match: {model: torn}, action: {truncate: 30}}\n"
      "  - {match: {model: silent}, action: {stall: forever}}\n"
      "  - {match: {model: stuck}, action: {stall: forever, at_byte: 10}}\n"
      "  - {match: {model: slow}, action: {stall: 40ms, at_byte: 10}}\n"
      "  - {match: {model: late}, action: {delay: 40ms}}\n"
      "  - {match: {model: page}, action: {html: true}}\n"
      "  - {match: {model: nothing}, action: {empty: true}}\n")};
  http_caller caller{provider.url()};
  const auto ask = [&](const std::string& model, bool stream = false) {
    return caller.post("/v1/completions",
                       R"({"model":")" + model + R"(","prompt":"x","stream":)"
                           + (stream ? "true}" : "false}"),
                       {bearer});
  };
  const auto timed = [&](const std::string& model) {
    const auto start = std::chrono::steady_clock::now();
    CHECK(ask(model).status == 200);
    return std::chrono::steady_clock::now() - start;
  };
  const auto torn = ask("torn");
  CHECK(torn.error == CURLE_PARTIAL_FILE);
  CHECK(torn.body.size() == 30);
  CHECK(ask("torn", true).error != CURLE_OK);
  CHECK(timed("slow") >= std::chrono::milliseconds{40});
  CHECK(timed("late") >= std::chrono::milliseconds{40});
  CHECK_THAT(ask("page").body, ContainsSubstring("<html>"));
  const auto nothing = ask("nothing");
  CHECK(nothing.status == 200);
  CHECK(nothing.body.empty());
  caller.patience = std::chrono::milliseconds{150};
  const auto silent = ask("silent");
  CHECK(silent.error == CURLE_OPERATION_TIMEDOUT);
  CHECK(silent.status == 0);
  const auto stuck = ask("stuck");
  CHECK(stuck.error == CURLE_OPERATION_TIMEDOUT);
  CHECK(stuck.body.size() == 10);
  // Whoever hangs up first does not stop the others.
  CHECK(ask("fine").status == 200);
}

TEST_CASE("latency is waited for", "[sim]") {
  running_sim provider{plain
                       + "latency: {first_byte: 30ms, per_chunk: 10ms}\n"};
  http_caller caller{provider.url()};
  const auto start = std::chrono::steady_clock::now();
  CHECK(caller.post("/v1/chat/completions", chat(",\"stream\":true"), {bearer})
            .status
        == 200);
  // Role, four parts, finish, [DONE].
  CHECK(std::chrono::steady_clock::now() - start
        >= std::chrono::milliseconds{100});
}

TEST_CASE("many connections at once lose no call", "[sim]") {
  running_sim provider{plain};
  constexpr auto connections = 64;
  constexpr auto calls = 25;
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < connections; ++i)
      threads.emplace_back([&, i] {
        http_caller caller{provider.url()};
        for (int j = 0; j < calls; ++j) {
          const auto body = R"({"model":"m","max_tokens":10,"prompt":"call )"
                            + std::to_string(i * calls + j) + "\"}";
          const auto got = caller.post("/v1/completions", body, {bearer});
          good += got.status == 200
                  && got.json().at("usage").at("completion_tokens") == 10;
        }
      });
  }
  CHECK(good == connections * calls);
  CHECK(provider.account().at("charged_calls") == connections * calls);
  http_caller caller{provider.url()};
  const auto once = caller.get("/sim/executions?min=1").json();
  CHECK(once.at("distinct") == connections * calls);
  CHECK(once.at("total") == connections * calls);
  CHECK(caller.get("/sim/executions?min=2").json().at("found") == 0);
  sim::nanos sum = 0;
  const auto log = caller.get("/sim/calls?limit=5000").json();
  CHECK(log.at("calls").size() == connections * calls);
  for (const auto& x : log.at("calls"))
    sum += *sim::parse_decimal(x.at("charge").get<std::string>(), 9);
  CHECK(provider.books().at("total_charged") == sim::usd_text(sum));
}

TEST_CASE("what is no HTTP is refused and hurts nobody", "[sim]") {
  running_sim provider{plain};
  http_caller caller{provider.url()};
  CHECK(caller.get("/nowhere").status == 404);
  CHECK(caller.get("/v1/chat/completions", {bearer}).status == 405);
  CHECK(caller.post("/v1/models", "", {bearer}).status == 405);
  CHECK(
      caller.get("/v1/models", {"X-Long: " + std::string(70'000, 'x'), bearer})
          .status
      == 400);
  CHECK(caller.get("/v1/models", {bearer}).status == 200);
}
