// What a call may cost, and what it did.

#include "actors/domain/call_cost.hpp"
#include "actors/domain/dialect.hpp"
#include "tests/support/catch.hpp"

using namespace rota;
using enum surface;
using namespace std::chrono_literals;

namespace {

const price_table& table() {
  static const auto result = parse_price_table(R"({
    "drawer": {"input_cost_per_token": 5e-6, "input_cost_per_image_token": 1e-5,
               "output_cost_per_image_token": 4e-5},
    "painter": {"output_cost_per_image": 0.04},
    "speaker": {"input_cost_per_character": 1.5e-5},
    "listener": {"input_cost_per_second": 0.0001,
                 "output_cost_per_second": 0.0001},
    "writer": {"input_cost_per_token": 2.5e-6, "output_cost_per_token": 1e-5,
               "input_cost_per_audio_token": 6e-6},
    "thinker": {"input_cost_per_token": 5e-6, "output_cost_per_token": 2.5e-5,
                "output_cost_per_image_token": 3e-5,
                "input_cost_per_audio_token": 1e-5,
                "cache_read_input_token_cost": 5e-7},
    "ranker": {"input_cost_per_query": 0.002, "input_cost_per_token": 0.0},
    "judge": {"input_cost_per_token": 0.0}})");
  REQUIRE(result.faults.empty());
  return result.table;
}

tariff by() {
  return {table(), money{50'000'000}};
}

job work_of(surface route, std::string model, unit_usage units = {},
            token_estimate tokens = {}) {
  job x;
  x.route = route;
  x.model = std::move(model);
  x.units = units;
  x.estimate = tokens;
  return x;
}

int64_t expected(const job& x, int64_t ppm = 1'000'000) {
  return expected_cost(by(), x, factor{ppm}, {}).nanos;
}

int64_t real(const job& x, const char* answer) {
  return real_cost(by(), x, {read_usage(x.route, answer), 0}, factor{}, {})
    .amount.nanos;
}

} // namespace

TEST_CASE("what is free costs nothing", "[cost]") {
  for (const auto route : {openai_stored, anthropic_count, gemini_count}) {
    auto x = work_of(route, "writer", {}, {1'000, 1'000});
    CHECK(expected(x) == 0);
    CHECK(real(x, R"({"input_tokens":7,"totalTokens":7,"object":"response",)"
                  R"("usage":{"input_tokens":9,"output_tokens":9}})")
          == 0);
  }
}

TEST_CASE("units cost what the table says", "[cost]") {
  CHECK(expected(work_of(openai_images, "painter", {.images = 3}))
        == 120'000'000);
  CHECK(expected(work_of(openai_images, "painter", {.images = 3}), 500'000)
        == 60'000'000);
  CHECK(expected(work_of(openai_speech, "speaker", {.characters = 1'000},
                         {300, 2'000}))
        == 15'000'000);
  // Both sides name the same second.
  CHECK(expected(work_of(openai_transcriptions, "listener",
                         {.audio_ms = 10'001}))
        == 1'000'100);
  CHECK(expected(work_of(surface::rerank, "ranker", {.searches = 2}, {50, 0}))
        == 4'000'000);
  CHECK(expected(work_of(openai_moderations, "judge", {}, {50, 0})) == 0);
}

TEST_CASE("tokens of pictures and sound have their own price", "[cost]") {
  const auto drawn = work_of(openai_images, "drawer", {.images = 1},
                             {100, 6'240});
  CHECK(expected(drawn) == 100 * 5'000 + 6'240 * 40'000);
  CHECK(real(drawn, R"({"data":[{}],"usage":{"input_tokens":50,)"
                    R"("input_tokens_details":{"text_tokens":10,)"
                    R"("image_tokens":40},"output_tokens":1000}})")
        == 10 * 5'000 + 40 * 10'000 + 1'000 * 40'000);
  const auto heard = work_of(openai_transcriptions, "writer",
                             {.audio_ms = 1'000}, {20, 20});
  CHECK(expected(heard) == 20 * 6'000 + 20 * 10'000);
  CHECK(real(heard, R"({"text":"a","usage":{"type":"tokens","input_tokens":14,)"
                    R"("input_token_details":{"text_tokens":4,)"
                    R"("audio_tokens":10},"output_tokens":5}})")
        == 4 * 2'500 + 10 * 6'000 + 5 * 10'000);
  const auto chat = work_of(openai_chat, "writer", {}, {10, 10});
  CHECK(real(chat, R"({"choices":[{}],"usage":{"prompt_tokens":30,)"
                   R"("prompt_tokens_details":{"audio_tokens":20},)"
                   R"("completion_tokens":1}})")
        == 10 * 2'500 + 20 * 6'000 + 10'000);
}

TEST_CASE("what the answer says counts before the request", "[cost]") {
  const auto heard = work_of(openai_transcriptions, "listener",
                             {.audio_ms = 60'000}, {1'200, 1'200});
  CHECK(real(heard, R"({"text":"a","usage":{"type":"duration","seconds":3}})")
        == 300'000);
  CHECK(real(heard, R"({"text":"a","duration":2.5})") == 250'000);
  CHECK(real(heard, R"({"text":"a","duration":"2.5"})") == 250'000);
  CHECK(real(heard, R"({"text":"a"})") == 6'000'000);
  CHECK(real(heard, "WEBVTT") == 6'000'000);
  const auto ranked = work_of(surface::rerank, "ranker", {.searches = 1},
                              {9, 0});
  CHECK(real(ranked, R"({"results":[],"meta":{"billed_units":)"
                     R"({"search_units":3}}})")
        == 6'000'000);
  CHECK(real(ranked, R"({"results":[]})") == 2'000'000);
  const auto by_token = work_of(surface::rerank, "writer", {.searches = 1},
                                {90, 0});
  CHECK(real(by_token, R"({"results":[],"usage":{"total_tokens":40}})")
        == 40 * 2'500);
  CHECK(real(by_token, R"({"results":[],"meta":{"billed_units":)"
                       R"({"search_units":0},"tokens":{"input_tokens":30}}})")
        == 30 * 2'500);
  CHECK(real(by_token, R"({"results":[],"meta":{"billed_units":)"
                       R"({"search_units":2}}})")
        == 90 * 2'500);
}

TEST_CASE("a model without a price costs a sum for each call", "[cost]") {
  CHECK(expected(work_of(openai_images, "new", {.images = 2})) == 100'000'000);
  CHECK(expected(work_of(openai_speech, "new", {.characters = 9})) == 50'000'000);
  CHECK(expected(work_of(openai_moderations, "new", {}, {9, 0})) == 50'000'000);
  const auto drawn = work_of(openai_images, "new", {.images = 2}, {1, 9'999});
  CHECK(real(drawn, R"({"data":[{}]})") == 100'000'000);
  // Unless it says what it used: then at the table's highest prices.
  CHECK(real(drawn, R"({"data":[{}],"usage":{"output_tokens":10}})")
        == 10 * 40'000);
  // Chats are estimated by token whether their model is known or not.
  CHECK(expected(work_of(openai_chat, "new", {}, {10, 0})) == 10 * 5'000);
}

TEST_CASE("what a provider counts aside is paid", "[cost]") {
  CHECK(real(work_of(anthropic_messages, "thinker"),
             R"({"usage":{"input_tokens":1000,"output_tokens":100,)"
             R"("iterations":[{"type":"compaction","input_tokens":180000,)"
             R"("output_tokens":3500},{"type":"message","input_tokens":1000,)"
             R"("output_tokens":100}]}})")
        == 7'500'000 + 987'500'000);
  CHECK(real(work_of(anthropic_messages, "thinker"),
             "data: {\"type\":\"message_start\",\"message\":{\"usage\":"
             "{\"input_tokens\":5000,\"output_tokens\":1}}}\n\n"
             "data: {\"type\":\"message_delta\",\"usage\":{\"input_tokens\":0,"
             "\"cache_read_input_tokens\":5000,\"output_tokens\":1}}\n\n")
        == 5'000 * 500 + 25'000);
  CHECK(real(work_of(gemini_generate, "thinker"),
             R"({"usageMetadata":{"promptTokenCount":50,)"
             R"("candidatesTokenCount":1300,"thoughtsTokenCount":7,)"
             R"("promptTokensDetails":[{"modality":"AUDIO","tokenCount":40}],)"
             R"("candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":)"
             R"(1290}]}})")
        == 10 * 5'000 + 40 * 10'000 + 17 * 25'000 + 1'290 * 30'000);
}

TEST_CASE("a hold covers what the same usage is charged", "[cost]") {
  uint32_t state = 7;
  const auto draw = [&state](uint32_t most) {
    state = state * 1'664'525 + 1'013'904'223;
    return static_cast<int64_t>((state >> 8) % most);
  };
  for (int i = 0; i < 5'000; ++i) {
    const auto route = static_cast<surface>(draw(surface_count));
    const std::array models{"drawer",   "painter", "speaker", "listener",
                            "writer",   "ranker",  "judge",   "new"};
    const auto x = work_of(route, models[static_cast<size_t>(draw(8))],
                           {draw(9), draw(99), draw(9'999), draw(9)},
                           {draw(999), draw(999)});
    // An answer that says nothing is charged as it was estimated.
    CHECK(real_cost(by(), x, {}, factor{}, {}).amount.nanos
          == expected(x));
  }
}

TEST_CASE("an answer that does not say what it used is weighed", "[cost]") {
  const auto x = work_of(openai_chat, "writer", {}, {1'000, 32'000});
  const auto weighed = real_cost(by(), x, {std::nullopt, 7}, factor{}, {});
  CHECK(weighed.amount.nanos == 1'000 * 2'500 + 7 * 10'000);
  CHECK(weighed.used.output == 7);
  CHECK(weighed.used.source == usage_source::estimated);
  // What it says counts, however long its text is.
  CHECK(real_cost(by(), x, {usage{10, 0, 0, 0, 3}, 7}, factor{}, {})
          .amount.nanos
        == 10 * 2'500 + 3 * 10'000);
}

TEST_CASE("an answer that broke off is as dear as what was seen", "[cost]") {
  const auto x = work_of(openai_chat, "writer", {}, {1'000, 32'000});
  const auto cost = [&x](const answer_usage& seen) {
    const auto result = seen_cost(by(), x, seen, factor{}, {});
    REQUIRE(result);
    CHECK(result->used.source == usage_source::partial);
    return result->charge.presumed.nanos;
  };
  CHECK(cost({std::nullopt, 7}) == 1'000 * 2'500 + 7 * 10'000);
  CHECK(cost({usage{25, 0, 0, 0, 1}, 7}) == 25 * 2'500 + 7 * 10'000);
  CHECK(cost({usage{25, 0, 0, 0, 9}, 7}) == 25 * 2'500 + 9 * 10'000);
  CHECK(cost({usage{0, 0, 0, 0, 9}, 7}) == 1'000 * 2'500 + 9 * 10'000);
  CHECK(cost({}) == 1'000 * 2'500);
  const auto most = [&x](const answer_usage& seen) {
    return seen_cost(by(), x, seen, factor{}, {})->charge.at_most.nanos;
  };
  // 200 tokens a second, thoughts included, and ten seconds until the provider
  // notices; or what was seen, where that came faster.
  CHECK(most({std::nullopt, 7}) == 1'000 * 2'500 + 2'007 * 10'000);
  CHECK(most({std::nullopt, 7, 30s}) == 1'000 * 2'500 + 8'000 * 10'000);
  CHECK(most({std::nullopt, 7'000, 30s}) == 1'000 * 2'500 + 9'000 * 10'000);
  // Of what is no text, a part says nothing.
  CHECK_FALSE(seen_cost(by(), work_of(openai_images, "drawer"), {{}, 7},
                        factor{}, {}));
}
