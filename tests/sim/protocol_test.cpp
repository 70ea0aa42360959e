// What the simulator spells has the shape of the golden bodies.

#include "tests/support/catch.hpp"

#include "tests/sim/wire_usage.hpp"
#include "tests/support/text_file.hpp"
#include "tools/sim/load.hpp"
#include "tools/sim/simulator.hpp"

#include <nlohmann/json.hpp>

#include <set>

using namespace rota;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// Every field of a document as "a.b[].c", with the kind of its value. Numbers
/// of any kind are alike, and null may stand for anything.
void collect(const json& x, const std::string& path,
             std::map<std::string, std::set<std::string>>& out) {
  if (x.is_object()) {
    for (const auto& [key, value] : x.items())
      collect(value, path.empty() ? key : path + "." + key, out);
    return;
  }
  if (x.is_array()) {
    out[path].insert("list");
    for (const auto& value : x)
      collect(value, path + "[]", out);
    return;
  }
  out[path].insert(x.is_number() ? "number" : x.type_name());
}

auto shape_of(const json& x) {
  std::map<std::string, std::set<std::string>> result;
  collect(x, "", result);
  return result;
}

/// @returns The fields of `golden` that `mine` lacks or has of another kind,
/// but for `rare` ones, which providers send in some cases only.
std::vector<std::string> missing(const json& golden, const json& mine,
                                 const std::set<std::string>& rare = {}) {
  const auto has = shape_of(mine);
  std::vector<std::string> result;
  for (const auto& [path, kinds] : shape_of(golden)) {
    if (rare.contains(path))
      continue;
    const auto i = has.find(path);
    if (i == has.end()) {
      result.push_back(path + " is missing");
      continue;
    }
    auto all = kinds;
    all.insert(i->second.begin(), i->second.end());
    all.erase("null");
    if (all.size() > 1)
      result.push_back(path + " is of another kind");
  }
  return result;
}

const std::vector<std::string> nothing;

std::string golden(const std::string& name) {
  return read_text(ROTA_TEST_DATA "/wire/" + name);
}

json golden_json(const std::string& name) {
  return json::parse(golden(name));
}

struct fixture {
  sim::simulator provider{sim::parse_options(R"(
replies: {cached_share: 0.2, cache_write_share: 0.1, reasoning_share: 0.5}
prices: {default: {input: 1, output: 4}, gpt-5-mini: {input: 1}}
accounts:
  - {name: any, key: k, balance: 10, user_id: 12345, access_token: t}
  - {name: o, key: o, balance: 0, style: openai, models: [m]}
  - {name: a, key: a, balance: 0, style: anthropic, models: [m]}
  - {name: g, key: g, balance: 0, style: gemini, models: [m]}
  - {name: n, key: n, balance: 0, style: new_api, models: [m]}
)",
                                             "test")
                              .opts,
                          1'795'420'800};

  sim::http_reply post(std::string_view target, std::string_view body,
                       std::string_view key = "k") {
    sim::http_request x;
    x.method = "POST";
    x.target = target;
    x.body = body;
    x.google_key = key;
    x.anthropic_version = "2023-06-01";
    return provider.handle(x, 1s);
  }

  json get(std::string_view target, std::string_view token = "Bearer k",
           std::string_view version = {}) {
    sim::http_request x;
    x.method = "GET";
    x.target = target;
    x.authorization = token;
    x.user_id = "12345";
    x.anthropic_version = version;
    return json::parse(provider.handle(x, 1s).body);
  }

  json ask(std::string_view target, const std::string& request) {
    return json::parse(post(target, golden(request)).body);
  }

  std::string error(std::string_view target, std::string_view body,
                    std::string_view key, int status) {
    const auto got = post(target, body, key);
    CHECK(got.status == status);
    return got.body;
  }
};

/// Events of the same type, laid over each other.
std::map<std::string, json> by_type(const std::string& stream) {
  std::map<std::string, json> result;
  for (const auto& data : sse_data(stream)) {
    auto x = json::parse(data);
    result.emplace(x.at("type").get<std::string>(), x);
  }
  return result;
}

} // namespace

TEST_CASE_METHOD(fixture, "OpenAI answers have the golden shape", "[sim]") {
  auto request = golden_json("openai/chat_request.json");
  request.erase("stream");
  const auto mine =
      json::parse(post("/v1/chat/completions", request.dump()).body);
  CHECK(missing(golden_json("openai/chat_nonstream.json"), mine) == nothing);
  CHECK(mine.at("created") == 1'795'420'801);
  CHECK(missing(golden_json("openai/embeddings.json"),
                ask("/v1/embeddings", "openai/embeddings_request.json"))
        == nothing);
  CHECK(missing(golden_json("openai/models.json"), get("/v1/models"))
        == nothing);
}

TEST_CASE_METHOD(fixture, "an OpenAI stream has the golden shape", "[sim]") {
  const auto chunks = [](const std::string& text) {
    auto data = sse_data(text);
    CHECK(data.back() == "[DONE]");
    data.pop_back();
    auto result = json::array();
    for (const auto& x : data)
      result.push_back(json::parse(x));
    return result;
  };
  const auto mine = chunks(
      post("/v1/chat/completions", golden("openai/chat_request.json")).body);
  const auto theirs = chunks(golden("openai/chat_stream.sse"));
  CHECK(missing(theirs, mine) == nothing);
  CHECK(missing(theirs.front(), mine.front()) == nothing);
  CHECK(missing(theirs.back(), mine.back()) == nothing);
  // Unasked, there is no usage.
  auto request = golden_json("openai/chat_request.json");
  request.erase("stream_options");
  const auto bare = chunks(post("/v1/chat/completions", request.dump()).body);
  CHECK(bare.size() + 1 == mine.size());
  CHECK_FALSE(shape_of(bare).contains("[].usage"));
}

TEST_CASE_METHOD(fixture, "a Responses stream has the golden shape", "[sim]") {
  const auto mine = by_type(
      post(
          "/v1/responses",
          R"({"model":"m","input":"hello","stream":true,"max_output_tokens":16})")
          .body);
  for (const auto& [type, event] :
       by_type(golden("openai/responses_stream_incomplete.sse"))) {
    INFO(type);
    REQUIRE(mine.contains(type));
    CHECK(missing(event, mine.at(type)) == nothing);
  }
}

TEST_CASE_METHOD(fixture, "Anthropic answers have the golden shape", "[sim]") {
  auto request = golden_json("anthropic/messages_request.json");
  const auto stream = by_type(post("/v1/messages", request.dump()).body);
  for (const auto& [type, event] :
       by_type(golden("anthropic/messages_stream.sse"))) {
    INFO(type);
    REQUIRE(stream.contains(type));
    CHECK(missing(event, stream.at(type)) == nothing);
  }
  request.erase("stream");
  CHECK(missing(golden_json("anthropic/messages_nonstream.json"),
                json::parse(post("/v1/messages", request.dump()).body))
        == nothing);
  CHECK(missing(
            golden_json("anthropic/count_tokens.json"),
            ask("/v1/messages/count_tokens", "anthropic/messages_request.json"))
        == nothing);
  CHECK(missing(golden_json("anthropic/models.json"),
                get("/v1/models", "Bearer k", "2023-06-01"),
                {"data[].max_input_tokens", "data[].max_tokens"})
        == nothing);
}

TEST_CASE_METHOD(fixture, "Gemini answers have the golden shape", "[sim]") {
  const auto request = golden("gemini/generate_request.json");
  const auto path = std::string{"/v1beta/models/gemini-2.5-flash"};
  const auto stream =
      json::parse(post(path + ":streamGenerateContent", request).body);
  const auto theirs = golden_json("gemini/stream_array.json");
  CHECK(missing(theirs, stream, {"[].candidates[].content.parts[].thought"})
        == nothing);
  CHECK(stream.back().at("candidates").at(0).at("finishReason") == "STOP");
  const auto whole = json::parse(post(path + ":generateContent", request).body);
  CHECK(missing(theirs.back(), whole) == nothing);
  CHECK(missing(golden_json("gemini/count_tokens.json"),
                json::parse(post(path + ":countTokens", request).body))
        == nothing);
  CHECK(
      missing(golden_json("gemini/models.json"), get("/v1beta/models"),
              {"nextPageToken", "models[].temperature", "models[].topP",
               "models[].topK", "models[].maxTemperature", "models[].thinking"})
      == nothing);
  // Events end in CRLF, the array does not.
  CHECK_THAT(post(path + ":streamGenerateContent?alt=sse", request).body,
             ContainsSubstring("}\r\n\r\ndata: {"));
}

TEST_CASE_METHOD(fixture, "balance answers have the golden shape", "[sim]") {
  CHECK(missing(golden_json("balance/newapi_user_self.json"),
                get("/api/user/self", "t"),
                {"data.github_id", "data.oidc_id", "data.wechat_id",
                 "data.telegram_id", "data.stripe_customer"})
        == nothing);
  CHECK(missing(golden_json("balance/newapi_token_usage.json"),
                get("/api/usage/token/"))
        == nothing);
  CHECK(missing(golden_json("balance/newapi_subscription.json"),
                get("/v1/dashboard/billing/subscription"))
        == nothing);
  CHECK(missing(golden_json("balance/newapi_usage.json"),
                get("/v1/dashboard/billing/usage?start_date=2026-08-15"))
        == nothing);
  CHECK(missing(golden_json("balance/newapi_status.json"), get("/api/status"))
        == nothing);
  // Refusals are the golden ones to the letter.
  CHECK(get("/v1/dashboard/billing/usage", "Bearer x")
        == golden_json("balance/newapi_billing_error_200.json"));
  CHECK(get("/api/usage/token/", "Bearer x")
        == golden_json("balance/newapi_token_usage_401.json"));
}

TEST_CASE_METHOD(fixture, "errors have the golden shape", "[sim]") {
  const auto chat = "/v1/chat/completions";
  const auto messages = "/v1/messages";
  const auto gemini = "/v1beta/models/m:generateContent";
  const auto alien = "/v1beta/models/q:generateContent";
  const std::string ask_m = R"({"model":"m","max_tokens":5,"messages":[]})";
  const std::string ask_q = R"({"model":"q","max_tokens":5,"messages":[]})";
  const std::string ask_g = R"({"contents":[]})";
  struct {
    std::string file;
    int status;
    std::string target;
    std::string body;
    std::string key;
  } cases[] = {
      {"newapi_invalid_token_401", 401, chat, ask_m, "x"},
      {"newapi_insufficient_user_quota_403", 403, chat, ask_m, "n"},
      {"newapi_model_forbidden_403", 403, chat, ask_q, "n"},
      {"newapi_get_channel_failed_500_claude", 401, messages, ask_m, "x"},
      {"openai_insufficient_quota_429", 429, chat, ask_m, "o"},
      {"openai_model_not_found_404", 404, chat, ask_q, "o"},
      {"anthropic_org_disabled_400", 400, messages, ask_m, "a"},
      {"anthropic_not_found_404", 404, messages, ask_q, "a"},
      {"anthropic_not_found_404", 404, messages, ask_q, "o"},
      {"gemini_not_found_404", 404, alien, ask_g, "g"},
      {"gemini_not_found_404", 404, alien, ask_g, "o"},
  };
  for (const auto& x : cases) {
    INFO(x.file);
    const auto mine = json::parse(error(x.target, x.body, x.key, x.status));
    CHECK(missing(golden_json("errors/" + x.file + ".json"), mine) == nothing);
  }
  const auto broke = json::parse(error(gemini, ask_g, "g", 429));
  CHECK(broke.at("error").at("status") == "RESOURCE_EXHAUSTED");
  const auto code = json::parse(error(chat, ask_m, "n", 403)).at("error");
  CHECK(code.at("code") == "insufficient_user_quota");
}
