// What an answer's text weighs where nobody says what it used.

#include "actors/domain/said_text.hpp"
#include "actors/domain/stream_gate.hpp"
#include "actors/domain/text_weight.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"

using namespace rota;
using enum surface;

namespace {

int64_t weight(surface route, std::string_view text) {
  return weigh_text(text, weights_of(route));
}

} // namespace

TEST_CASE("an event weighs what the model says in it", "[said_text]") {
  struct row {
    surface route;
    const char* event;
    const char* text;
  };
  const auto x = GENERATE(
    row{openai_chat,
        R"({"id":"a b c","choices":[{"delta":{"content":"Hello there"}}]})",
        "Hello there"},
    row{openai_chat, R"({"choices":[{"delta":{"reasoning_content":"So"}}]})",
        "So"},
    row{openai_chat, R"({"choices":[{"delta":{"tool_calls":[{"function":)"
                     R"({"name":"look_up","arguments":"{\"q\":1}"}}]}}]})",
        "{\"q\":1}"},
    row{openai_chat, R"({"choices":[{"delta":{"content":"\u4f60\u597d"}}]})",
        "你好"},
    row{openai_chat, R"({"choices":[],"usage":{"completion_tokens":5}})", ""},
    row{openai_completions, R"({"choices":[{"text":"one two"}]})", "one two"},
    row{openai_responses,
        R"({"type":"response.output_text.delta","delta":"word"})", "word"},
    row{openai_responses,
        R"({"type":"response.output_text.done","text":"all words"})", ""},
    row{anthropic_messages,
        R"({"type":"content_block_delta","delta":{"type":"text_delta",)"
        R"("text":"Salut"}})",
        "Salut"},
    row{anthropic_messages,
        R"({"delta":{"type":"thinking_delta","thinking":"Hm"}})", "Hm"},
    row{anthropic_messages,
        R"({"delta":{"type":"input_json_delta","partial_json":"{\"a\""}})",
        "{\"a\""},
    row{anthropic_messages,
        R"({"type":"content_block_start","content_block":{"type":"text",)"
        R"("text":""}})",
        ""},
    row{gemini_generate,
        R"({"candidates":[{"content":{"parts":[{"text":"Oui"}]}}],)"
        R"("modelVersion":"gemini"})",
        "Oui"},
    row{openai_embeddings, R"({"data":[{"text":"no words"}]})", ""},
    row{openai_chat, "no JSON", ""}, row{openai_chat, "", ""});
  INFO(x.event);
  CHECK(weigh_event(x.route, x.event) == weight(x.route, x.text));
}

TEST_CASE("a whole answer weighs what the model says in it", "[said_text]") {
  CHECK(weigh_answer(openai_responses,
                     R"({"output":[{"content":[{"type":"output_text",)"
                     R"("text":"all words"}]}]})")
        == weight(openai_responses, "all words"));
  // The arguments of a call are an object there: with its names.
  const auto& w = weights_of(anthropic_messages);
  CHECK(weigh_answer(anthropic_messages,
                     R"({"content":[{"type":"tool_use","name":"f",)"
                     R"("input":{"city":"Lyon","days":[1,2]}}]})")
        == weight(anthropic_messages, "city")
             + weight(anthropic_messages, "Lyon")
             + weight(anthropic_messages, "days") + 2 * w.number);
  CHECK(weigh_answer(gemini_generate,
                     R"({"candidates":[{"content":{"parts":[{"functionCall":)"
                     R"({"name":"f","args":{"q":"x"}}}]}}]})")
        == weight(gemini_generate, "q") + weight(gemini_generate, "x"));
  std::string deep;
  for (int i = 0; i < 10'000; ++i)
    deep += R"({"content":)";
  CHECK(weigh_answer(openai_chat, deep) == 0);
}

TEST_CASE("a stream's text is weighed while it passes", "[said_text]") {
  const auto step = GENERATE(size_t{1}, 9, 1'000'000);
  const auto body = golden_body("openai/chat_stream_no_usage.sse");
  stream_gate gate{openai_chat, 65'536, false};
  for (size_t i = 0; i < body.size(); i += step)
    gate.feed(std::string_view{body}.substr(i, step));
  gate.finish();
  CHECK_FALSE(gate.used());
  const auto hundredths = weight(openai_chat, "Loire")
                          + weight(openai_chat, " and Rhône.");
  CHECK(gate.text() == (hundredths + 99) / 100);
}
