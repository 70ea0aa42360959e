// Answers of the surfaces beside chats: what is one, what is a fault.

#include "actors/domain/answer.hpp"
#include "actors/domain/dialect.hpp"
#include "actors/domain/stream_gate.hpp"
#include "tests/domain/judging.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using enum surface;

namespace {

struct sample {
  surface route;
  const char* good;
  const char* without; ///< JSON, but no answer.
};

const sample samples[] = {
  {openai_images, R"({"data":[{"url":"u"}]})", R"({"data":[]})"},
  {openai_images, R"({"images":[{"url":"u"}],"seed":1})", R"({"images":[]})"},
  {openai_image_edits, R"({"data":[{"b64_json":"u"}]})", R"({"created":1})"},
  {openai_transcriptions, R"({"text":""})", R"({"texts":"a"})"},
  {surface::rerank, R"({"results":[{"index":0}]})", R"({"results":[]})"},
  {surface::rerank, R"({"data":[{"index":0}]})", R"({"object":"list"})"},
  {openai_stored, R"({"object":"response","error":{"code":"server_error"}})",
   R"({"id":"resp_1"})"},
  {openai_stored, R"({"object":"list","data":[]})", R"({"object":1})"},
  {openai_compact, R"({"output":[]})", R"({"output":1})"},
  {anthropic_count, R"({"input_tokens":7})", R"({"input_tokens":"7"})"},
  {gemini_count, R"({"totalTokens":7})", R"({"totalTokens":null})"},
  {gemini_embed, R"({"embedding":{"values":[1]}})", R"({"embedding":[]})"},
  {gemini_embed, R"({"embeddings":[{"values":[1]}]})", R"({"embeddings":[]})"},
};

verdict judge(surface route, const upstream_outcome& x) {
  return rota::judge(provider::openai, route, x);
}

} // namespace

TEST_CASE("each surface has an answer of its own", "[answer]") {
  for (const auto& x : samples) {
    INFO(to_string(x.route) << " " << x.good << " " << x.without);
    CHECK(is_plain_answer(x.route, x.good));
    CHECK_FALSE(is_plain_answer(x.route, x.without));
    CHECK(judge(x.route, answered(200, x.good)).cls == failure_class::none);
    const auto bad = judge(x.route, answered(200, x.without));
    CHECK(bad.cls == failure_class::upstream_error);
    CHECK(bad.failover != counts_tokens(x.route));
    CHECK(bad.charged == (is_free(x.route) ? charge::no : charge::perhaps));
  }
}

TEST_CASE("faults within a 200 are known on each surface", "[answer]") {
  for (size_t i = 0; i < surface_count; ++i) {
    const auto route = static_cast<surface>(i);
    INFO(to_string(route));
    const auto quota = judge(
      route, answered(200, R"({"error":{"message":"You exceeded your current)"
                           R"( quota","type":"insufficient_quota",)"
                           R"("code":"insufficient_quota"}})"));
    CHECK(quota.cls == failure_class::quota_exhausted);
    CHECK(quota.charged == charge::no);
    CHECK(judge(route, answered(200, R"({"success":false,"message":"no"})")).cls
          != failure_class::none);
    CHECK(judge(route, answered(200, "<html></html>", "text/html")).cls
          == failure_class::upstream_error);
    CHECK(judge(route, answered(200, "")).cls == failure_class::upstream_error);
  }
}

TEST_CASE("free calls are never charged, and cost no model its health",
          "[answer]") {
  for (const auto route : {openai_stored, anthropic_count, gemini_count}) {
    INFO(to_string(route));
    for (const auto status : {404, 405, 501}) {
      const auto x = judge(route, answered(status, R"({"error":{"message":)"
                                                   R"("Invalid URL"}})"));
      CHECK(x.cls == failure_class::client_error);
      CHECK(x.action == account_action::none);
      CHECK_FALSE(x.failover);
    }
    upstream_outcome broken;
    broken.ended = transport::broken;
    CHECK(judge(route, broken).charged == charge::no);
    CHECK(judge(route, answered(504, "")).charged == charge::no);
    CHECK(judge(route, answered(401, "{}")).failover);
  }
}

TEST_CASE("a transcript may be plain text", "[answer]") {
  const std::string type = "text/plain; charset=utf-8";
  for (const auto* text : {"Hello.", "WEBVTT\n\n00:00.000", "1\n00:00:00,000"})
    CHECK(judge(openai_transcriptions, answered(200, text, type)).cls
          == failure_class::none);
  CHECK(judge(openai_transcriptions, answered(503, "Service Unavailable", type))
          .cls
        != failure_class::none);
  CHECK(judge(openai_images, answered(200, "Hello.", type)).cls
        == failure_class::upstream_error);
}

TEST_CASE("sound passes as it comes", "[gate]") {
  stream_gate gate{openai_speech, 100, false};
  gate.expect_sound();
  const std::string first = "{<[\"usage\"";
  CHECK(gate.feed(first) == first);
  CHECK(gate.is_open());
  const std::string second(1'000, '\0');
  CHECK(gate.feed(second) == second);
  CHECK_FALSE(gate.complete());
  CHECK(gate.finish().empty());
  CHECK(gate.complete());
  CHECK_FALSE(gate.fault());
  CHECK_FALSE(gate.used());
  stream_gate silent{openai_speech, 100, false};
  silent.expect_sound();
  silent.finish();
  CHECK_FALSE(silent.is_open()); // So that another account may speak.
  // What is no sound is held: it is judged as a whole.
  stream_gate fault{openai_speech, 100, false};
  CHECK(fault.feed(R"({"error":{"message":"no"}})").empty());
  fault.finish();
  CHECK_FALSE(fault.is_open());
}

TEST_CASE("streams of pictures and sound have an end", "[gate]") {
  const auto run = [](surface route, std::vector<std::string> events) {
    stream_gate gate{route, 10'000, false};
    std::string passed;
    for (const auto& x : events)
      passed += gate.feed("data: " + x + "\n\n");
    passed += gate.finish();
    return std::tuple{passed.size() > 0, gate.complete(), gate.used()};
  };
  const std::string usage
    = R"("usage":{"input_tokens":3,"output_tokens":7,"total_tokens":10}})";
  const auto pictures = run(
    openai_images,
    {R"({"type":"image_generation.partial_image","b64_json":"x"})",
     R"({"type":"image_generation.completed",)" + usage});
  CHECK(std::get<1>(pictures));
  CHECK(std::get<2>(pictures)->media_output == 7);
  const auto cut = run(
    openai_images,
    {R"({"type":"image_generation.partial_image","b64_json":"x"})"});
  CHECK(std::get<0>(cut));
  CHECK_FALSE(std::get<1>(cut));
  const auto speech = run(openai_speech,
                          {R"({"type":"speech.audio.delta","audio":"x"})",
                           R"({"type":"speech.audio.done",)" + usage});
  CHECK(std::get<1>(speech));
  CHECK(std::get<2>(speech)->output == 7);
  const auto heard = run(openai_transcriptions,
                         {R"({"type":"transcript.text.delta","delta":"x"})",
                          R"({"type":"transcript.text.done","text":"x",)"
                            + usage});
  CHECK(std::get<1>(heard));
  CHECK(std::get<2>(heard)->media_output == 0);
  const auto refused = run(
    openai_transcriptions,
    {R"({"type":"error","error":{"message":"no","code":"server_error"}})"});
  CHECK_FALSE(std::get<0>(refused));
}

TEST_CASE("a stream says which response it brings", "[gate]") {
  stream_gate gate{openai_responses, 10'000, false};
  gate.feed("event: response.created\ndata: {\"type\":\"response.created\","
            "\"response\":{\"id\":\"resp_9\"}}\n\n");
  CHECK(gate.response() == "resp_9");
  CHECK_FALSE(gate.is_open());
}

TEST_CASE("an empty error beside a good answer is none", "[answer]") {
  for (const std::string error :
       {R"("")", "{}", "null", R"({"message":"","code":null})",
        R"({"message":"","type":"","param":"","code":0})"}) {
    INFO(error);
    CHECK(judge(openai_chat,
                answered(200, R"({"choices":[{"message":{"content":"hi"},)"
                              R"("finish_reason":"stop"}],"error":)"
                                + error + "}"))
            .cls
          == failure_class::none);
    answer said;
    read_event(openai_chat,
               R"({"choices":[{"delta":{"content":"hi"}}],"error":)" + error
                 + "}",
               said);
    CHECK(said.content);
    CHECK_FALSE(said.fault);
  }
  for (const std::string error :
       {R"("no")", R"({"message":"no"})", R"({"message":"","code":7})",
        R"({"type":"server_error"})"}) {
    INFO(error);
    CHECK(judge(openai_chat, answered(200, R"({"choices":[],"error":)" + error
                                             + "}"))
            .cls
          != failure_class::none);
  }
}
