// Answers that are unlike what the protocols' pages show, and are sound; and
// those that are meant to do harm.

#include "actors/domain/answer.hpp"
#include "actors/domain/bounded_json.hpp"
#include "actors/domain/stream_gate.hpp"
#include "tests/domain/judging.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using enum surface;

namespace {

verdict judge(surface route, const upstream_outcome& x) {
  return rota::judge(provider::openai, route, x);
}

std::string repeated(std::string_view piece, size_t times) {
  std::string result;
  result.reserve(piece.size() * times);
  for (size_t i = 0; i < times; ++i)
    result += piece;
  return result;
}

constexpr size_t many = 2'000'000;

} // namespace

TEST_CASE("nesting without end is no JSON, and no end of us", "[answer]") {
  for (const auto* piece : {"[", "{\"a\":", "[{\"error\":"}) {
    const auto open = repeated(piece, many);
    const std::string_view level{piece};
    auto closed = open + '1';
    for (size_t i = 0; i < many; ++i)
      for (auto c = level.rbegin(); c != level.rend(); ++c)
        if (*c == '[' || *c == '{')
          closed += *c == '[' ? ']' : '}';
    for (const auto& body : {open, closed})
      for (const auto route : {openai_chat, gemini_generate}) {
        CHECK(judge(route, answered(200, body)).failover);
        CHECK(judge(route, answered(500, body)).failover);
        answer said;
        read_event(route, body, said);
        CHECK_FALSE(said.content);
      }
  }
}

TEST_CASE("what nests no deeper than 128 is read", "[answer]") {
  const auto nested = [](size_t depth) {
    return repeated("[", depth) + repeated("]", depth);
  };
  CHECK(parse_bounded(nested(128)).is_array());
  CHECK(parse_bounded(nested(129)).is_discarded());
  // However many stand side by side.
  const auto wide = "[" + repeated("{},", 10'000) + "{}]";
  CHECK(parse_bounded(wide).size() == 10'001);
  CHECK(parse_bounded("{").is_discarded());
  CHECK(parse_bounded("[[[[[[[[[[", 3).is_discarded());
}

TEST_CASE("whether an error says anything is decided once", "[answer]") {
  for (const std::string error :
       {"false", "[]", R"({"param":"x"})", "0", R"({"code":0})", "[{}]"}) {
    INFO(error);
    CHECK(judge(openai_chat,
                answered(200, R"({"choices":[{"message":{"content":"hi"},)"
                              R"("finish_reason":"stop"}],"error":)"
                                + error + "}"))
            .cls
          == failure_class::none);
  }
}

TEST_CASE("a good code and a message are no fault in a stream", "[answer]") {
  const auto reads = [](const std::string& code) {
    answer said;
    read_event(openai_chat,
               R"({"code":)" + code + R"(,"message":"success","choices":[)"
               R"({"delta":{"content":"hi"}}]})",
               said);
    return said.content && !said.fault;
  };
  CHECK(reads("0"));
  CHECK(reads("200"));
  CHECK_FALSE(reads("500"));
  CHECK_FALSE(reads("\"bad\""));
}

TEST_CASE("what became of a stored response is none of the call's",
          "[answer]") {
  for (const auto* event :
       {R"({"type":"response.failed","response":{"id":"r","error":)"
        R"({"code":"server_error","message":"no"}}})",
        R"({"type":"response.in_progress","response":{"id":"r"}})"}) {
    INFO(event);
    stream_gate gate{openai_stored, 10'000, false};
    const auto text = "data: " + std::string{event} + "\n\n";
    CHECK(gate.feed(text) == text);
    gate.finish();
    CHECK(gate.complete());
    CHECK_FALSE(gate.fault());
  }
  stream_gate gate{openai_stored, 10'000, false};
  gate.feed("data: {\"type\":\"error\",\"message\":\"no\"}\n\n");
  CHECK(gate.fault());
}

TEST_CASE("a transcript is any text, that of silence too", "[answer]") {
  for (const auto* body : {"\n", "", "<laughs> hi", "hello", "[music]"}) {
    INFO(body);
    CHECK(judge(openai_transcriptions, answered(200, body, "text/plain")).cls
          == failure_class::none);
  }
  CHECK(judge(openai_transcriptions,
              answered(200, "", "application/x-subrip")).cls
        == failure_class::none);
  for (const auto& x : {answered(200, "<html>", "text/html"),
                        answered(200, "", "application/json"),
                        answered(500, "hi", "text/plain")})
    CHECK(judge(openai_transcriptions, x).cls != failure_class::none);
}

TEST_CASE("a mark of the byte order is no part of an answer", "[answer]") {
  CHECK(judge(openai_chat, answered(200, "\xEF\xBB\xBF"
                                         R"({"choices":[{"message":{"content":)"
                                         R"("hi"},"finish_reason":"stop"}]})"))
          .cls
        == failure_class::none);
}

TEST_CASE("Gemini may say nothing but what it used", "[answer]") {
  CHECK(judge(gemini_generate,
              answered(200, R"({"usageMetadata":{"promptTokenCount":7}})"))
          .cls
        == failure_class::none);
  CHECK(judge(gemini_generate, answered(200, R"({"modelVersion":"x"})")).cls
        == failure_class::upstream_error);
}

TEST_CASE("a web server's word on a request's size is the caller's",
          "[answer]") {
  for (const auto status : {413, 414, 431}) {
    const auto x = judge(openai_chat, answered(status, "<html>", "text/html"));
    CHECK(x.cls == failure_class::client_error);
    CHECK(x.action == account_action::none);
    CHECK_FALSE(x.failover);
    CHECK(x.charged == charge::no);
  }
}

TEST_CASE("a failed count costs no account anything but a dead key's",
          "[answer]") {
  for (const auto& x :
       {answered(429, R"({"error":{"message":"slow down"}})"),
        answered(500, "{}"), answered(200, "<html>", "text/html"),
        answered(529, R"({"type":"error","error":{"type":"overloaded_error"}})")})
    for (const auto route : {anthropic_count, gemini_count}) {
      const auto found = judge(route, x);
      CHECK(found.cls != failure_class::none);
      CHECK(found.scope == failure_scope::request);
      CHECK(found.action == account_action::none);
      CHECK_FALSE(found.failover);
      CHECK_FALSE(found.cooldown);
    }
  CHECK(judge(anthropic_count,
              answered(401, R"({"type":"error","error":{"type":)"
                            R"("authentication_error","message":"x"}})"))
          .action
        == account_action::disabled);
}

TEST_CASE("the end of a long stream is seen, however long its last event is",
          "[gate]") {
  const auto size = GENERATE(300'000u, 1'000'000u, 5'000'000u);
  stream_gate gate{openai_responses, 10'000'000, false};
  const auto event = [](const std::string& type, const std::string& more) {
    return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + more
           + "}\n\n";
  };
  const auto filled = ",\"response\":{\"id\":\"resp_7\",\"tools\":\""
                      + std::string(size, 'x') + "\"}";
  std::string passed;
  const auto all = event("response.created", filled)
                   + event("response.output_text.delta", ",\"delta\":\"hi\"")
                   + event("response.completed", filled);
  for (size_t i = 0; i < all.size(); i += 65'536)
    passed += gate.feed(std::string_view{all}.substr(i, 65'536));
  passed += gate.finish();
  CHECK(passed.size() == all.size());
  CHECK(passed == all);
  CHECK(gate.complete());
  CHECK_FALSE(gate.fault());
  if (size < 4'000'000)
    CHECK(gate.response() == "resp_7");
}
