// Streams in which the model says nothing: one that says why it ends is an
// answer, as the same without streaming is; one that only ends is none.

#include "actors/domain/stream_gate.hpp"
#include "tests/domain/judging.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using enum surface;

namespace {

struct silent_stream {
  surface route;
  std::vector<std::string> events;
  bool is_answer;
};

const std::string role
  = R"({"choices":[{"delta":{"role":"assistant"},"finish_reason":null}]})";
const std::string figures
  = R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":5}})";
const std::string start
  = R"({"type":"message_start","message":{"content":[],"stop_reason":null,)"
    R"("usage":{"input_tokens":9,"output_tokens":1}}})";
const std::string stop = R"({"type":"message_stop"})";
const std::string created
  = R"({"type":"response.created","response":{"id":"resp_1"}})";

std::string choice(const std::string& reason) {
  return R"({"choices":[{"delta":{},"finish_reason":)" + reason + "}]}";
}

std::string ended(const std::string& reason) {
  return R"({"type":"message_delta","delta":{"stop_reason":)" + reason
         + R"(},"usage":{"output_tokens":5}})";
}

std::string response(const std::string& type) {
  return R"({"type":")" + type
         + R"(","response":{"id":"resp_1","output":[],"usage":)"
           R"({"input_tokens":9,"output_tokens":5}}})";
}

const silent_stream samples[] = {
  {anthropic_messages, {start, ended("\"refusal\""), stop}, true},
  {anthropic_messages, {start, ended("\"end_turn\""), stop}, true},
  {anthropic_messages, {start, ended("\"max_tokens\""), stop}, true},
  {openai_chat, {role, choice("\"length\""), figures, "[DONE]"}, true},
  {openai_chat, {choice("\"stop\""), "[DONE]"}, true},
  {openai_responses, {created, response("response.completed")}, true},
  {openai_responses, {created, response("response.incomplete")}, true},
  {openai_stored, {created, response("response.completed")}, true},
  {gemini_generate, {R"({"candidates":[{"finishReason":"SAFETY"}]})"}, true},
  {gemini_generate, {R"({"promptFeedback":{"blockReason":"OTHER"}})"}, true},
  {anthropic_messages, {start}, false},
  {anthropic_messages, {start, stop}, false},
  {anthropic_messages, {start, ended("null"), stop}, false},
  {anthropic_messages, {start, ended("\"\""), stop}, false},
  {openai_chat, {}, false},
  {openai_chat, {"[DONE]"}, false},
  {openai_chat, {role, "[DONE]"}, false},
  {openai_chat, {role, choice("\"\""), figures, "[DONE]"}, false},
  {openai_chat, {role, choice("\"error\""), "[DONE]"}, false},
  {openai_responses, {created}, false},
  {openai_responses, {created, response("response.in_progress")}, false},
  {gemini_generate, {R"({"usageMetadata":{"promptTokenCount":9}})"}, false},
};

} // namespace

TEST_CASE("a stream that says why it ends is an answer", "[stream_gate]") {
  const auto swallow = GENERATE(false, true);
  for (const auto& x : samples) {
    std::string body;
    for (const auto& event : x.events)
      body += "data: " + event + "\n\n";
    INFO(to_string(x.route) << " " << body);
    stream_gate gate{x.route, 65'536, swallow};
    std::string passed{gate.feed(body)};
    passed += gate.finish();
    CHECK(gate.is_open() == x.is_answer);
    CHECK(passed.empty() != x.is_answer);
    if (x.is_answer) {
      CHECK(gate.complete());
      CHECK_FALSE(gate.fault());
      CHECK((swallow || passed == body));
    }
    // The same where nobody reads along.
    const auto said = judge(provider::openai, x.route, answer_of(200, body));
    CHECK((said.cls == failure_class::none) == x.is_answer);
    if (x.is_answer)
      CHECK(said.charged == (is_free(x.route) ? charge::no : charge::yes));
    CHECK(said.failover != x.is_answer);
  }
}

TEST_CASE("the event that says why a stream ends may lack its blank line",
          "[stream_gate]") {
  stream_gate gate{anthropic_messages, 65'536, false};
  const auto body = "data: " + start + "\n\ndata: " + ended("\"refusal\"");
  CHECK(gate.feed(body).empty());
  CHECK(gate.finish() == body);
  CHECK(gate.complete());
  REQUIRE(gate.used());
  CHECK(gate.used()->output == 5);
}
