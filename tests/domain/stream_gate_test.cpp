// A stream is held back until there is content, and passes unchanged after.

#include "actors/domain/dialect.hpp"
#include "actors/domain/include_usage.hpp"
#include "actors/domain/stream_gate.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"

using namespace rota;

namespace {

struct passed {
  std::string text;
  bool open = false;
  bool complete = false;
  bool fault = false;
  std::string held;
  std::optional<usage> used;
  size_t opened_after = 0; // Bytes that had come by then.
};

passed pass(surface route, std::string_view body, size_t step,
            bool swallow = false) {
  stream_gate gate{route, 65'536, swallow};
  passed result;
  for (size_t i = 0; i < body.size(); i += step) {
    result.text += gate.feed(body.substr(i, step));
    if (gate.is_open() && result.opened_after == 0)
      result.opened_after = i + step;
  }
  result.text += gate.finish();
  result.open = gate.is_open();
  result.complete = gate.complete();
  result.fault = gate.fault();
  result.used = gate.used();
  result.held = gate.take_held();
  return result;
}

std::string golden(const std::string& name) {
  return golden_body(name);
}

const std::string role = R"(data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})"
                         "\n\n";
const std::string word = R"(data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]})"
                         "\n\n";
const std::string stop = R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
                         "\n\n";
const std::string figures = R"(data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}})"
                            "\n\n";
const std::string done = "data: [DONE]\n\n";

} // namespace

TEST_CASE("golden streams pass byte for byte, however they are cut",
          "[stream_gate]") {
  struct row {
    const char* file;
    surface route;
    bool open, complete, fault;
  };
  using enum surface;
  const auto x = GENERATE(
    row{"openai/chat_stream.sse", openai_chat, true, true, false},
    row{"openai/chat_stream_no_usage.sse", openai_chat, true, true, false},
    row{"openai/chat_stream_tool_calls.sse", openai_chat, true, true, false},
    row{"openai/chat_stream_truncated.sse", openai_chat, true, false, false},
    row{"openai/chat_stream_error_midway.sse", openai_chat, true, false, true},
    row{"openai/responses_stream_incomplete.sse", openai_responses, true, true,
        false},
    row{"openai/responses_stream_failed.sse", openai_responses, false, false,
        true},
    row{"anthropic/messages_stream.sse", anthropic_messages, true, true, false},
    row{"anthropic/messages_stream_tool_use.sse", anthropic_messages, true,
        true, false},
    row{"anthropic/messages_stream_error_first.sse", anthropic_messages, false,
        false, true},
    row{"anthropic/messages_stream_error_midway.sse", anthropic_messages, true,
        false, true},
    row{"gemini/stream_array.json", gemini_generate, true, true, false});
  const auto step = GENERATE(size_t{1}, 7, 100, 1'000'000);
  const auto body = golden(x.file);
  INFO(x.file << " by " << step);
  const auto got = pass(x.route, body, step);
  CHECK(got.open == x.open);
  CHECK(got.complete == x.complete);
  CHECK(got.fault == x.fault);
  CHECK((x.open ? got.text : got.held) == body);
  CHECK((x.open ? got.held : got.text).empty());
  CHECK(got.used == read_usage(x.route, body));
}

TEST_CASE("only content opens", "[stream_gate]") {
  const auto body = ": ping\n\n" + role + word + stop + done;
  const auto got = pass(surface::openai_chat, body, 1);
  CHECK(got.opened_after == body.find(word) + word.size());
  CHECK(got.text == body);
  CHECK_FALSE(pass(surface::openai_chat, role + done, 1).open);
  const std::string start = "event: message_start\ndata: {\"type\":"
                            "\"message_start\",\"message\":{}}\n\n"
                            "event: ping\ndata: {\"type\":\"ping\"}\n\n";
  CHECK_FALSE(pass(surface::anthropic_messages, start, 1).open);
}

TEST_CASE("an error before content keeps it shut", "[stream_gate]") {
  const std::string error = "data: {\"error\":{\"message\":\"busy\"}}\n\n";
  const auto got = pass(surface::openai_chat, role + error + word, 5);
  CHECK(got.fault);
  CHECK(got.held.starts_with(role + error));
}

TEST_CASE("the chunk that nobody asked for is swallowed", "[stream_gate]") {
  const auto step = GENERATE(size_t{1}, 13, 1'000'000);
  const auto got = pass(surface::openai_chat,
                        role + word + stop + figures + done, step, true);
  CHECK(got.text == role + word + stop + done);
  REQUIRE(got.used);
  CHECK(got.used->output == 1);
  // A filter's word on the prompt is nobody's figures.
  const std::string filter = R"(data: {"choices":[],"prompt_filter_results":[{"prompt_index":0}],"usage":null})"
                             "\n\n";
  CHECK(pass(surface::openai_chat, filter + word + stop + figures + done, step,
             true)
          .text
        == filter + word + stop + done);
  // Figures beside a choice belong to the choice.
  const std::string both = R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}})"
                           "\n\n";
  CHECK(pass(surface::openai_chat, word + both + done, step, true).text
        == word + both + done);
}

TEST_CASE("figures without choices are nobody's, either", "[stream_gate]") {
  for (const std::string choices : {"", R"("choices":null,)"}) {
    const auto chunk = "data: {" + choices
                       + R"("usage":{"prompt_tokens":3,"completion_tokens":1}})"
                         "\n\n";
    CHECK(pass(surface::openai_chat, word + stop + chunk + done, 13, true).text
          == word + stop + done);
  }
}

TEST_CASE("a fault beside figures is not swallowed", "[stream_gate]") {
  const std::string fault = R"(data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1},"error":{"message":"boom","code":502}})"
                            "\n\n";
  const auto got = pass(surface::openai_chat, word + fault + done, 13, true);
  CHECK(got.fault);
  CHECK(got.text == word + fault + done);
  // One that is empty is none.
  const std::string fine = R"(data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1},"error":null})"
                           "\n\n";
  CHECK(pass(surface::openai_chat, word + stop + fine + done, 13, true).text
        == word + stop + done);
}

TEST_CASE("line ends are the provider's", "[stream_gate]") {
  auto body = role + word + stop + done;
  for (size_t i = 0; (i = body.find('\n', i)) != std::string::npos; i += 2)
    body.replace(i, 1, "\r\n");
  for (const auto swallow : {false, true}) {
    const auto got = pass(surface::openai_chat, body, 3, swallow);
    CHECK(got.complete);
    CHECK(got.text == body);
  }
}

TEST_CASE("a preamble without end opens in the end", "[stream_gate]") {
  stream_gate gate{surface::openai_chat, 100, false};
  std::string text;
  for (int i = 0; i < 50; ++i)
    text += gate.feed(": keep-alive\n\n");
  CHECK(gate.is_open());
  CHECK(text.size() == 50 * 14);
}

TEST_CASE("an event passes as a whole, or not at all", "[stream_gate]") {
  const std::string end = GENERATE("\n\n", "\r\n\r\n", "\n\r\n");
  const auto event = word.substr(0, word.size() - 2) + end;
  stream_gate gate{surface::openai_chat, 65'536, false};
  CHECK(gate.feed(event + event.substr(0, 40)) == event);
  CHECK(gate.feed(event.substr(40, 20)).empty());
  CHECK(gate.feed(event.substr(60) + event.substr(0, 5)) == event);
  CHECK(gate.feed(event.substr(5, event.size() - 6)).empty());
  CHECK(gate.feed("\n") == event);
  CHECK(gate.feed(event) == event);
  CHECK(gate.feed(event.substr(0, 40)).empty());
  CHECK(gate.finish().empty()); // It broke off: an error can follow.
}

TEST_CASE("blank lines between events pass, however they are cut",
          "[stream_gate]") {
  for (const std::string blank : {"\n", "\n\n", "\r\n", "\r\n\r\n"}) {
    const auto text = word + blank + "half of an ev";
    for (size_t piece = 1; piece <= text.size(); ++piece)
      CHECK(pass(surface::openai_chat, text, piece).text == word + blank);
  }
}

TEST_CASE("the last event may lack its blank line", "[stream_gate]") {
  const std::string done_alone = "data: [DONE]";
  CHECK(pass(surface::openai_chat, word + done_alone, 9).text
        == word + done_alone);
}

TEST_CASE("a very long event passes as it comes", "[stream_gate]") {
  stream_gate gate{surface::openai_chat, 65'536, false};
  std::string text{gate.feed(word)};
  const auto before = text.size();
  text += gate.feed("data: {\"choices\":[{\"delta\":{\"content\":\"");
  for (int i = 0; i < 100; ++i)
    text += gate.feed(std::string(1'000, 'x'));
  CHECK(text.size() - before > 100'000 - 65'536);
  text += gate.feed("\"}}]}\n\n");
  CHECK(text.size() == before + 100'000 + 46);
  CHECK(gate.feed(word) == word);
}

TEST_CASE("what is no stream is held as a whole", "[stream_gate]") {
  const std::string body = R"({"choices":[{"message":{"content":"hi"}}]})";
  const auto got = pass(surface::openai_chat, body, 4);
  CHECK_FALSE(got.open);
  CHECK(got.held == body);
}

TEST_CASE("a document too large to be held is whole with its last byte",
          "[stream_gate]") {
  const auto body = R"({"data":[{"b64_json":")" + std::string(70'000, 'x')
                    + R"("}],"usage":{"input_tokens":3,"output_tokens":5}})";
  const auto got = pass(surface::openai_images, body, 1'000);
  CHECK(got.text == body);
  CHECK(got.complete);
  CHECK_FALSE(got.fault);
  REQUIRE(got.used);
}

TEST_CASE("usage is asked for in front, byte for byte behind",
          "[stream_gate]") {
  CHECK(ask_for_usage(R"( { "model" : "m","stream":true})")
        == R"( {"stream_options":{"include_usage":true}, "model" : "m","stream":true})");
  CHECK(ask_for_usage("{}") == std::nullopt);
  CHECK(ask_for_usage("") == std::nullopt);
  CHECK(ask_for_usage("[1]") == std::nullopt);
  CHECK(refuses_asking(400, "unknown field stream_options"));
  CHECK(refuses_asking(422, R"({"loc":["body","include_usage"]})"));
  CHECK_FALSE(refuses_asking(400, "unknown field temperature"));
  CHECK_FALSE(refuses_asking(500, "stream_options"));
  CHECK_FALSE(refuses_asking(200, "stream_options"));
}
