// Streams in which the model says nothing: one that says why it ends is an
// answer, as the same without streaming is; one that only ends is none, nor
// is one that fails behind what only opens a block.

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

namespace {

struct opening {
  surface route;
  std::vector<std::string> events; ///< Nothing of them is content,
  std::string content;             ///< but this is.
};

const std::string block
  = R"({"type":"content_block_start","index":0,"content_block":)";
const std::string text_block = block + R"({"type":"text","text":""}})";
const std::string thought
  = block + R"({"type":"thinking","thinking":"","signature":""}})";
const std::string word = R"({"type":"content_block_delta","index":0,"delta":)"
                         R"({"type":"text_delta","text":"hi"}})";
const std::string ping = R"({"type":"ping"})";

std::string item(const std::string& kind, const std::string& members) {
  return R"({"type":"response.output_item.added","item":{"type":")" + kind
         + R"(","id":"x")" + members + "}}";
}

const std::string reasoning
  = item("reasoning", R"(,"summary":[],"encrypted_content":"gAAA")");
const std::string message_item = item("message", R"(,"content":[])");
const std::string candidates = R"({"candidates":[)";

const opening openings[] = {
  {anthropic_messages, {start, text_block, ping}, word},
  {anthropic_messages, {start, ping, ping, ping, thought},
   R"({"type":"content_block_delta","delta":{"type":"signature_delta",)"
   R"("signature":"x"}})"},
  {anthropic_messages,
   {start, text_block, R"({"type":"content_block_delta","delta":)"
                       R"({"type":"text_delta","text":""}})"},
   word},
  {anthropic_messages, {start},
   block + R"({"type":"tool_use","id":"t","name":"f","input":{}}})"},
  {anthropic_messages, {start},
   block + R"({"type":"redacted_thinking","data":"x"}})"},
  // It thinks in silence: its client sees that it does.
  {anthropic_messages, {start, thought, ping}, ping},
  {openai_responses,
   {created, reasoning, R"({"type":"response.reasoning_summary_part.added",)"
                        R"("part":{"type":"summary_text","text":""}})"},
   R"({"type":"response.reasoning_summary_text.delta","delta":"hm"})"},
  {openai_responses, {created, reasoning},
   R"({"type":"response.output_item.done","item":{"type":"reasoning"}})"},
  {openai_responses,
   {created, message_item,
    R"({"type":"response.content_part.added","part":{"type":"output_text",)"
    R"("annotations":[],"text":""}})"},
   R"({"type":"response.output_text.delta","delta":"hi"})"},
  {openai_responses, {created},
   item("function_call", R"(,"name":"f","arguments":"")")},
  {gemini_generate,
   {candidates + R"({"index":0}]})",
    candidates + R"({"content":{"role":"model"}}]})",
    candidates + R"({"content":{"parts":[{"text":""}],"role":"model"}}]})"},
   candidates + R"({"content":{"parts":[{"text":"hi"}]}}]})"},
  {gemini_generate, {candidates + R"({"index":0}]})"},
   candidates + R"({"finishReason":"STOP"}]})"},
};

std::string fault_of(surface route) {
  return route == anthropic_messages
           ? R"({"type":"error","error":{"type":"overloaded_error",)"
             R"("message":"Overloaded"}})"
         : route == gemini_generate
           ? R"({"error":{"code":503,"status":"UNAVAILABLE","message":"x"}})"
           : R"({"type":"response.failed","response":{"error":{"code":)"
             R"("server_error","message":"x"}}})";
}

} // namespace

TEST_CASE("what only opens a block is no content", "[stream_gate]") {
  for (const auto& x : openings) {
    std::string body;
    for (const auto& event : x.events)
      body += "data: " + event + "\n\n";
    INFO(body << x.content);
    stream_gate gate{x.route, 65'536, false};
    CHECK(gate.feed(body).empty());
    // It passes with the content, so nothing is lost.
    const auto content = "data: " + x.content + "\n\n";
    CHECK(gate.feed(content) == body + content);
    // A fault may still move to another account, whoever reads along.
    const auto fault = "data: " + fault_of(x.route) + "\n\n";
    stream_gate failing{x.route, 65'536, false};
    failing.feed(body + fault);
    failing.finish();
    CHECK_FALSE(failing.is_open());
    CHECK(judge(provider::openai, x.route, answer_of(200, body + fault))
            .failover);
  }
}
