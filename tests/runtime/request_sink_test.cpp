// How a streamed answer ends for its client, whole or not.

#include "runtime/api/request_sink.hpp"
#include "tests/support/catch.hpp"

#include <memory>

using namespace rota;

namespace {

/// A client that keeps what it is told.
class keeping_client final : public http_exchange {
public:
  std::string_view method() const override {
    return "POST";
  }
  std::string_view target() const override {
    return "/";
  }
  const header_list& headers() const override {
    return none_;
  }
  std::string_view header(std::string_view) const override {
    return {};
  }
  std::string_view body() const override {
    return {};
  }
  std::shared_ptr<const void> body_owner() const override {
    return nullptr;
  }
  const std::string& peer() const override {
    return peer_;
  }
  void answer(int, const header_list&, std::string) override {
    ended = "answered";
  }
  void begin(int, const header_list&) override {
    begun = true;
  }
  bool write(std::string_view piece) override {
    text += piece;
    return true;
  }
  void end() override {
    ended = "whole";
  }
  void cut() override {
    ended = "cut";
  }
  void abort() override {
    ended = "aborted";
  }

  bool begun = false;
  std::string text;
  std::string ended;

private:
  header_list none_;
  std::string peer_;
};

/// What a client and the books get of one answer.
struct got {
  bool begun = false;
  std::string text;
  std::string ended;
  bool whole = false;
  std::optional<usage> used;
};

got pass(surface route, const std::string& type,
         const std::vector<std::string>& pieces, transport ended,
         bool swallow = false) {
  const auto client = std::make_shared<keeping_client>();
  request_sink sink{client, {route, swallow, false, "req_1", {}}};
  sink.is_private = [](std::string_view) { return false; };
  sink.begin(200, {{"content-type", type}});
  for (const auto& piece : pieces)
    sink.take(piece);
  upstream_outcome x;
  x.status = 200;
  x.ended = ended;
  sink.end(x);
  return {client->begun, client->text, client->ended,
          x.passed && x.passed->whole,
          x.passed ? x.passed->used : std::nullopt};
}

const std::string events = "text/event-stream";

} // namespace

TEST_CASE("sound that breaks off is cut where it broke", "[sink]") {
  using enum surface;
  const auto broken
    = pass(openai_speech, "audio/mpeg", {"ID3", "\xff\xfb"}, transport::broken);
  CHECK(broken.text == "ID3\xff\xfb");
  CHECK(broken.ended == "cut");
  CHECK_FALSE(broken.whole);
  const auto good
    = pass(openai_speech, "audio/mpeg", {"ID3", "\xff\xfb"}, transport::ok);
  CHECK(good.text == "ID3\xff\xfb");
  CHECK(good.ended == "whole");
  CHECK(good.whole);
  // As events, it says so.
  const auto told = pass(openai_speech, events,
                         {"data: {\"type\":\"speech.audio.delta\"}\n\n"},
                         transport::broken);
  CHECK_THAT(told.text, ContainsSubstring("\n\ndata: {\"error\":"));
  CHECK(told.ended == "whole");
}

TEST_CASE("an answer is whole by its protocol's end, not the connection's",
          "[sink]") {
  using enum surface;
  struct row {
    surface route;
    std::vector<std::string> data;
    bool whole;
  };
  const std::string word
    = R"({"choices":[{"delta":{"content":"hi"},"finish_reason":null}]})";
  const std::string stop
    = R"({"choices":[{"delta":{},"finish_reason":"stop"}]})";
  const std::string figures
    = R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5}})";
  const std::string start
    = R"({"type":"message_start","message":{"usage":{"input_tokens":3}}})";
  const std::string delta
    = R"({"type":"content_block_delta","delta":{"text":"hi"}})";
  const std::string reason
    = R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},)"
      R"("usage":{"output_tokens":5}})";
  const std::string text
    = R"({"type":"response.output_text.delta","delta":"hi"})";
  const std::string part = R"("candidates":[{"content":{"parts":[{"text":"hi"}]})";
  const std::string counts
    = R"("usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":5})";
  const row rows[] = {
    {openai_chat, {word, stop, figures, "[DONE]"}, true},
    // Figures may follow, and then the end.
    {openai_chat, {word, stop, figures}, false},
    {openai_chat, {word, stop}, false},
    {openai_chat, {word, R"({"error":{"message":"no"}})", "[DONE]"}, false},
    {anthropic_messages,
     {start, delta, reason, R"({"type":"message_stop"})"},
     true},
    {anthropic_messages, {start, delta, reason}, false},
    {openai_responses,
     {text, R"({"type":"response.completed","response":{"usage":)"
            R"({"input_tokens":3,"output_tokens":5}}})"},
     true},
    {openai_responses, {text}, false},
    {gemini_generate,
     {"{" + part + R"(,"finishReason":"STOP"}],)" + counts + "}"},
     false},
    {gemini_generate,
     {"{" + part + R"(,"finishReason":"STOP"}]})", "{" + counts + "}"},
     false},
    {gemini_generate, {"{" + part + R"(,"finishReason":"STOP"}]})"}, false},
    {gemini_generate, {"{" + part + "}]," + counts + "}"}, false},
  };
  for (const auto& x : rows)
    for (const auto ended : {transport::broken, transport::timed_out}) {
      std::string body;
      for (const auto& data : x.data)
        body += "data: " + data + "\n\n";
      INFO(body);
      const auto swallow = x.route == openai_chat;
      const auto got = pass(x.route, events, {body}, ended, swallow);
      CHECK(got.whole == x.whole);
      CHECK(got.ended == "whole");
      const auto told = got.text.find("The provider broke") != std::string::npos;
      CHECK(told == (!x.whole && body.find("error") == std::string::npos));
      if (!x.whole)
        continue;
      REQUIRE(got.used);
      CHECK(got.used->output == 5);
      CHECK(got.used->source == usage_source::upstream);
    }
}

TEST_CASE("an array is whole with its last bracket", "[sink]") {
  const std::string list
    = R"([{"candidates":[{"content":{"parts":[{"text":"hi"}]},)"
      R"("finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3}})";
  const auto end = [&](const std::string& more) {
    return pass(surface::gemini_generate, "application/json", {list + more},
                transport::broken);
  };
  CHECK(end("]").whole);
  CHECK(end("]").text == list + "]");
  CHECK_FALSE(end("").whole);
  CHECK_THAT(end("").text, StartsWith(list + ",\r\n{\"error\""));
}
