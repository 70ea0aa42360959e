// How streams end: clients -> rotad -> rota-sim over real HTTP.

#include "tests/e2e/api_request.hpp"
#include "tests/e2e/money_check.hpp"
#include "tests/e2e/stage.hpp"
#include "tests/e2e/vendors.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

/// The richer is asked first.
const std::string pool = R"(
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
  - {name: b, provider: new_api, base_url: SIM, api_key: env:KEY_B, balance: {initial: 20.00}}
)";

struct call_case {
  std::string path;
  std::string body;
};

const call_case chat{
  "/v1/chat/completions",
  R"({"model":"gpt-5-mini","stream":true,"messages":[)"
  R"({"role":"user","content":"hello"}]})"};
const call_case message{
  "/v1/messages", R"({"model":"gpt-5-mini","stream":true,"max_tokens":9,)"
                  R"("messages":[{"role":"user","content":"hello"}]})"};
const call_case response{
  "/v1/responses", R"({"model":"gpt-5-mini","stream":true,"input":"hello"})"};

class stream_stage : public stage {
public:
  stream_stage() : stage{vendors} {
    start(pool);
  }

  /// Has the first account answer with a text.
  void script(const std::string& text) {
    sim_post("/sim/script",
             "script:\n  - {match: {account: a}, action: {status: 200, "
             "headers: {content-type: text/event-stream}, body: "
               + json(text).dump() + "}}\n");
  }

  reply send(const call_case& x) {
    return request(api_port(), "POST", x.path, x.body);
  }

  uint64_t calls() {
    return books("/sim/calls")["total"].get<uint64_t>();
  }
};

std::string events(const std::vector<std::string>& data) {
  std::string result;
  for (const auto& x : data)
    result += "data: " + x + "\n\n";
  return result;
}

} // namespace

TEST_CASE("a stream in which the model says nothing is served and booked",
          "[e2e][streams]") {
  stream_stage on;
  const std::string figures = R"("usage":{"input_tokens":9,"output_tokens":5})";
  const std::pair<call_case, std::string> samples[] = {
    {message,
     events({R"({"type":"message_start","message":{"content":[],)" + figures
               + "}}",
             R"({"type":"message_delta","delta":{"stop_reason":"refusal"},)"
               + figures + "}",
             R"({"type":"message_stop"})"})},
    {chat, events({R"({"choices":[{"delta":{},"finish_reason":"length"}],)"
                   R"("usage":{"prompt_tokens":9,"completion_tokens":5}})",
                   "[DONE]"})},
    {response, events({R"({"type":"response.created","response":{}})",
                       R"({"type":"response.incomplete","response":)"
                       R"({"output":[],)"
                         + figures + "}}"})},
  };
  for (const auto& [call, text] : samples) {
    on.script(text);
    const auto before = on.calls();
    const auto x = on.send(call);
    INFO(x.head << x.body);
    CHECK(x.status == 200);
    CHECK(x.body == text);
    CHECK(on.calls() == before + 1);
  }
  wait_until("they are settled",
             [&] { return on.ask({"account", "a"})["in_flight"] == 0; });
  const auto a = on.ask({"account", "a"});
  CHECK(a["in_doubt"] == 0);
  CHECK(a["failures"] == 0);
  CHECK(a["health"] == "healthy");
  CHECK(usd(a["spent"]) > money{});
}

TEST_CASE("a stream that only ends moves on", "[e2e][streams]") {
  stream_stage on;
  on.script(GENERATE(
    as<std::string>{}, "", ": ping\n\n", "data: [DONE]\n\n",
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"));
  const auto x = on.send(chat);
  INFO(x.head << x.body);
  CHECK(x.status == 200);
  CHECK_THAT(x.body, ContainsSubstring("\"content\""));
  CHECK(on.calls() == 2);
}

TEST_CASE("a caller reads nothing of an account's money or key",
          "[e2e][streams]") {
  stream_stage on;
  const std::string said = "insufficient balance: $0.03";
  const std::string content
    = R"({"type":"content_block_delta","delta":{"text":"hi"}})";
  const std::string word = R"({"choices":[{"delta":{"content":"hi"}}]})";
  const std::string delta
    = R"({"type":"response.output_text.delta","delta":"hi"})";
  struct sample {
    call_case call;
    std::string content;
    std::string fault;
    std::string told; ///< How the client's last event begins.
  };
  const sample samples[] = {
    {chat, word,
     R"({"error":{"message":")" + said + R"(","code":"server_error"}})",
     R"(data: {"error":{"message":"The provider broke)"},
    {message, content,
     R"({"type":"error","error":{"type":"api_error","message":")" + said
       + R"("}})",
     "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
     "\"api_error\",\"message\":\"The provider broke"},
    {response, delta,
     R"({"type":"response.failed","response":{"error":{"code":"server_error",)"
     R"("message":")"
       + said + R"("}}})",
     "event: error\ndata: {\"type\":\"error\",\"code\":\"upstream_error\","
     "\"message\":\"The provider broke"},
  };
  for (const auto& sample : samples) {
    on.rota({"account", "a", "ready"}); // Whatever the last one did to it.
    const auto begin = events({sample.content});
    on.script(begin + events({sample.fault, "[DONE]"}));
    const auto x = on.send(sample.call);
    INFO(x.head << x.body);
    CHECK(x.status == 200);
    CHECK_THAT(x.body, StartsWith(begin + sample.told));
    CHECK_THAT(x.body, !ContainsSubstring("balance"));
    CHECK_THAT(x.body, !ContainsSubstring("[DONE]"));
  }
  // Other faults are its own to read.
  on.rota({"account", "a", "ready"});
  const auto other = events({word, R"({"error":{"message":"boom"}})"});
  on.script(other);
  CHECK(on.send(chat).body == other);
}

TEST_CASE("an array that breaks off is brought to its end", "[e2e][streams]") {
  stream_stage on;
  const call_case call{
    "/v1beta/models/gpt-5-mini:streamGenerateContent",
    R"({"contents":[{"role":"user","parts":[{"text":"hello"}]}]})"};
  const auto broken = GENERATE(
    as<std::string>{}, "{truncate: 900}",
    R"({status: 200, body: '[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},'})",
    R"({status: 200, body: '[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},{"cand'})",
    R"({status: 200, body: '[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}]'})",
    R"({status: 200, body: '[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},)"
    R"({"error":{"code":402,"message":"insufficient balance: $0.03"}}]'})");
  INFO(broken);
  on.sim_post("/sim/script", "script:\n  - {match: {account: a}, action: "
                               + broken + "}\n");
  const auto x = on.send(call);
  INFO(x.head << x.body);
  CHECK(x.status == 200);
  const auto said = x.parsed();
  REQUIRE(said.is_array());
  REQUIRE(said.size() >= 2);
  CHECK(said[0].contains("candidates"));
  CHECK(said.back()["error"]["code"] == 502);
  CHECK_THAT(x.body, !ContainsSubstring("balance"));
  CHECK(on.calls() == 1);
}

TEST_CASE("an array passes byte for byte", "[e2e][streams]") {
  stream_stage on;
  const std::string text
    = "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]},\r\n"
      "{\"candidates\":[{\"finishReason\":\"STOP\"}]}\n]\n";
  on.script(text);
  const auto x = on.send(
    {"/v1beta/models/gpt-5-mini:streamGenerateContent", "{\"contents\":[]}"});
  CHECK(x.status == 200);
  CHECK(x.body == text);
}
