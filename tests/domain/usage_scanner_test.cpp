#include "actors/domain/usage_scanner.hpp"

#include "actors/domain/dialect.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"

#include <functional>
#include <random>

using namespace rota;

namespace {

std::optional<usage> in_chunks(surface route, const std::string& body,
                               const std::function<size_t()>& size) {
  usage_scanner scanner{route};
  std::string_view rest = body;
  while (!rest.empty()) {
    const auto n = std::min(size(), rest.size());
    // A copy of its own, so that a scanner that keeps a view is found out.
    const std::string chunk{rest.substr(0, n)};
    scanner.feed(chunk);
    rest.remove_prefix(n);
  }
  scanner.finish();
  return scanner.result();
}

std::optional<usage> chat(const std::string& body) {
  return read_usage(surface::openai_chat, body);
}

} // namespace

TEST_CASE("every golden split is read", "[usage]") {
  size_t count = 0;
  for (const auto& row : golden_rows("usage")) {
    const auto file = row.at("file").get<std::string>();
    INFO(file);
    ++count;
    const auto used = read_usage(golden_surface(row.at("protocol")),
                                 golden_body(file));
    REQUIRE(used.has_value() == row.at("usage_present").get<bool>());
    if (!used)
      continue;
    const auto& x = row.at("expect");
    CHECK(used->input_uncached == x.at("input_uncached"));
    CHECK(used->cache_read == x.at("cache_read"));
    CHECK(used->cache_write_5m == x.at("cache_write_5m"));
    CHECK(used->cache_write_1h == x.at("cache_write_1h"));
    CHECK(used->input_total() == x.at("input_total"));
    CHECK(used->output == x.at("output"));
    CHECK(used->reasoning == x.at("reasoning_included_in_output"));
    CHECK(used->tier == service_tier::standard);
    CHECK_FALSE(used->fast);
    CHECK_FALSE(used->us_only);
  }
  CHECK(count == 20);
}

TEST_CASE("chunks of any size give the same usage", "[usage]") {
  std::mt19937 random{17};
  for (const auto& row : golden_rows("usage")) {
    const auto file = row.at("file").get<std::string>();
    INFO(file);
    const auto route = golden_surface(row.at("protocol"));
    const auto body = golden_body(file);
    const auto whole = read_usage(route, body);
    CHECK(in_chunks(route, body, [] { return size_t{1}; }) == whole);
    for (int i = 0; i < 50; ++i) {
      std::uniform_int_distribution<size_t> size{1, 1u + i * 8u};
      CHECK(in_chunks(route, body, [&] { return size(random); }) == whole);
    }
  }
}

TEST_CASE("searches, speed and place of Anthropic's calls", "[usage]") {
  const auto golden_call
    = read_usage(surface::anthropic_messages,
                 golden_body("anthropic/messages_nonstream_new.json"));
  REQUIRE(golden_call);
  CHECK(golden_call->web_searches == 2);
  const auto used = read_usage(
    surface::anthropic_messages,
    R"({"type":"message","content":[],"usage":{"input_tokens":1,)"
    R"("output_tokens":2,"speed":"fast","inference_geo":"us",)"
    R"("service_tier":"priority","iterations":[{"input_tokens":900}]}})");
  REQUIRE(used);
  CHECK(used->fast);
  CHECK(used->us_only);
  CHECK(used->tier == service_tier::priority);
  CHECK(used->input_uncached == 1);
}

TEST_CASE("a tier beside the usage counts before and after it", "[usage]") {
  CHECK(chat(R"({"service_tier":"flex","choices":[],)"
             R"("usage":{"prompt_tokens":1}})")
          ->tier
        == service_tier::flex);
  CHECK(chat(R"({"usage":{"prompt_tokens":1},"service_tier":"priority"})")
          ->tier
        == service_tier::priority);
  const auto used = read_usage(
    surface::openai_responses,
    R"({"type":"response.completed","response":{"usage":{"input_tokens":3,)"
    R"("output_tokens":4},"service_tier":"flex"}})");
  REQUIRE(used);
  CHECK(used->tier == service_tier::flex);
}

TEST_CASE("spellings of relays and vendors", "[usage]") {
  // DeepSeek.
  auto used = chat(R"({"usage":{"prompt_tokens":100,"completion_tokens":5,)"
                   R"("prompt_cache_hit_tokens":64,)"
                   R"("prompt_cache_miss_tokens":36}})");
  REQUIRE(used);
  CHECK(used->cache_read == 64);
  CHECK(used->input_uncached == 36);
  // Moonshot puts it into the choice.
  used = chat("data: {\"choices\":[{\"index\":0,\"delta\":{},\"usage\":"
              "{\"prompt_tokens\":9,\"completion_tokens\":2,"
              "\"cached_tokens\":4}}]}\n\ndata: [DONE]\n\n");
  REQUIRE(used);
  CHECK(used->input_uncached == 5);
  CHECK(used->cache_read == 4);
  CHECK(used->output == 2);
  // new-api, of a Claude model.
  used = chat(R"({"usage":{"prompt_tokens":1000,"completion_tokens":7,)"
              R"("prompt_tokens_details":{"cached_tokens":100,)"
              R"("cached_creation_tokens":600},)"
              R"("claude_cache_creation_5_m_tokens":200,)"
              R"("claude_cache_creation_1_h_tokens":400,)"
              R"("input_tokens":0,"output_tokens":0,)"
              R"("input_tokens_details":null}})");
  REQUIRE(used);
  CHECK(used->cache_write_5m == 200);
  CHECK(used->cache_write_1h == 400);
  CHECK(used->input_uncached == 300);
  // Writes before adjustment may exceed the prompt.
  used = chat(R"({"usage":{"prompt_tokens":10,"prompt_tokens_details":)"
              R"({"cached_tokens":8,"cache_write_tokens":8}}})");
  REQUIRE(used);
  CHECK(used->input_uncached == 0);
  CHECK(used->cache_write_5m == 8);
  // The other family's words.
  used = chat(R"({"usage":{"prompt_tokens":0,"input_tokens":6,)"
              R"("output_tokens":3}})");
  REQUIRE(used);
  CHECK(used->input_uncached == 6);
  CHECK(used->output == 3);
  // Gemini's tools and cache.
  used = read_usage(surface::gemini_generate,
                    R"({"candidates":[],"usageMetadata":{"promptTokenCount":)"
                    R"(100,"cachedContentTokenCount":40,)"
                    R"("toolUsePromptTokenCount":5,"candidatesTokenCount":7,)"
                    R"("thoughtsTokenCount":3,"totalTokenCount":115}})");
  REQUIRE(used);
  CHECK(used->input_uncached == 65);
  CHECK(used->cache_read == 40);
  CHECK(used->output == 10);
  CHECK(used->reasoning == 3);
}

TEST_CASE("streams with comments, other line ends and missing blanks",
          "[usage]") {
  const std::string event
    = R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}})";
  for (const auto& body :
       {": keep-alive\r\n\r\ndata:" + event + "\r\n\r\ndata:[DONE]\r\n\r\n",
        "event: x\rdata: " + event + "\r\r", "\n\n\ndata: " + event,
        "\xef\xbb\xbf" "data: " + event + "\n\n", "\n\n" + event}) {
    INFO(body);
    const auto used = chat(body);
    REQUIRE(used);
    CHECK(used->input_uncached == 3);
    CHECK(used->output == 4);
    CHECK(in_chunks(surface::openai_chat, body, [] { return size_t{1}; })
          == used);
  }
  // One event may take several lines.
  const auto used = chat("data: {\"usage\":\r\ndata: {\"prompt_tokens\":\r\n"
                         "data: 12}}\r\n\r\n");
  REQUIRE(used);
  CHECK(used->input_uncached == 12);
}

TEST_CASE("of running figures the last ones count", "[usage]") {
  const auto used = chat(
    "data: {\"choices\":[{}],\"usage\":{\"prompt_tokens\":3,"
    "\"completion_tokens\":1}}\n\n"
    "data: {\"choices\":[{}],\"usage\":{\"prompt_tokens\":3,"
    "\"completion_tokens\":9}}\n\n"
    "data: {\"choices\":[{}],\"usage\":null}\n\n"
    "data: {\"choices\":[{}],\"usage\":{\"prompt_tokens\":0,"
    "\"completion_tokens\":0}}\n\n");
  REQUIRE(used);
  CHECK(used->input_uncached == 3);
  CHECK(used->output == 9);
}

TEST_CASE("words of the model are no usage", "[usage]") {
  CHECK_FALSE(chat(R"({"choices":[{"message":{"content":)"
                   R"("{\"usage\":{\"prompt_tokens\":5}}",)"
                   R"("usage":{"prompt_tokens":5}}}]})"));
  // A tool's schema, echoed by the answer, may have a member of that name.
  CHECK_FALSE(read_usage(
    surface::openai_responses,
    R"({"type":"response.created","response":{"tools":[{"parameters":)"
    R"({"usage":{"input_tokens":7}}}],"metadata":{"usage":)"
    R"({"input_tokens":8}},"usage":null}})"));
  CHECK_FALSE(chat(R"({"data":{"usage":{"prompt_tokens":5}}})"));
  // An escaped quote ends no text.
  const auto used = chat(R"({"id":"\\","x":"\"}{\\\"","usage":)"
                         R"({"prompt_tokens":2}})");
  REQUIRE(used);
  CHECK(used->input_uncached == 2);
}

TEST_CASE("what is no figure says nothing", "[usage]") {
  for (const auto* body :
       {"", "   ", "<html>usage</html>", "{}", "[]", "null", "[DONE]",
        R"({"usage":null})", R"({"usage":{}})", R"({"usage":[1,2]})",
        R"({"usage":{"prompt_tokens":null}})",
        R"({"usage":{"prompt_tokens":"5"}})",
        R"({"usage":{"prompt_tokens":-5}})",
        R"({"usage":{"prompt_tokens":0,"completion_tokens":0}})",
        R"({"usage":{"prompt_tokens":5)", R"(}}}]]]{"usage")",
        // Beyond belief.
        R"({"usage":{"prompt_tokens":5,"completion_tokens":1e300}})",
        R"({"usage":{"prompt_tokens":99999999999999999999}})"}) {
    INFO(body);
    CHECK_FALSE(chat(body));
  }
  CHECK(chat(R"({"usage":{"prompt_tokens":12.0}})")->input_uncached == 12);
}

TEST_CASE("an answer that broke off is partial", "[usage]") {
  const auto midway
    = read_usage(surface::anthropic_messages,
                 golden_body("anthropic/messages_stream_error_midway.sse"));
  REQUIRE(midway);
  CHECK(midway->source == usage_source::partial);
  const auto body = golden_body("anthropic/messages_stream.sse");
  CHECK(read_usage(surface::anthropic_messages, body)->source
        == usage_source::upstream);
  usage_scanner scanner{surface::anthropic_messages};
  scanner.feed(body);
  CHECK(scanner.result()->source == usage_source::partial);
  scanner.finish();
  CHECK(scanner.result()->source == usage_source::upstream);
}

namespace {

/// A stream of Anthropic's that begins with one usage and ends with another.
std::optional<usage> begun_and_ended(const std::string& first,
                                     const std::string& last) {
  const auto body = "data: {\"type\":\"message_start\",\"message\":{\"usage\":{"
                    + first
                    + "}}}\n\ndata: {\"type\":\"message_delta\",\"usage\":{"
                    + last + "}}\n\n";
  const auto whole = read_usage(surface::anthropic_messages, body);
  CHECK(in_chunks(surface::anthropic_messages, body, [] { return size_t{1}; })
        == whole);
  return whole;
}

using figures = std::vector<int64_t>;

/// Uncached, read, written for 5 minutes and for an hour, output.
figures split_of(const std::optional<usage>& x) {
  if (!x)
    return {};
  return {x->input_uncached, x->cache_read, x->cache_write_5m,
          x->cache_write_1h, x->output};
}

} // namespace

TEST_CASE("every figure that the end of a stream says replaces the first",
          "[usage]") {
  const auto [first, last, split]
    = GENERATE(table<std::string, std::string, figures>({
      // What looked like new input was a read of the cache.
      {R"("input_tokens":5000,"output_tokens":1)",
       R"("input_tokens":0,"cache_read_input_tokens":5000,"output_tokens":9)",
       {0, 5'000, 0, 0, 9}},
      {R"("input_tokens":3,"cache_read_input_tokens":70,"output_tokens":1)",
       R"("input_tokens":73,"cache_read_input_tokens":0,"output_tokens":0)",
       {73, 0, 0, 0, 0}},
      // A prompt of nothing was not counted.
      {R"("input_tokens":25,"cache_read_input_tokens":7,"output_tokens":1)",
       R"("input_tokens":0,"cache_read_input_tokens":null,"output_tokens":15)",
       {25, 7, 0, 0, 15}},
      {R"("input_tokens":25,"output_tokens":1)",
       R"("input_tokens":0,"output_tokens":0)",
       {25, 0, 0, 0, 1}},
      // The truth of relays that convert comes last.
      {R"("input_tokens":0,"output_tokens":0)",
       R"("input_tokens":40,"output_tokens":2)",
       {40, 0, 0, 0, 2}},
      // The split is said once, and holds as far as the sum goes.
      {R"("input_tokens":1,"cache_creation_input_tokens":30,"cache_creation":)"
       R"({"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20})",
       R"("input_tokens":1,"cache_creation_input_tokens":30,"output_tokens":2)",
       {1, 0, 10, 20, 2}},
      {R"("input_tokens":1,"cache_creation_input_tokens":30,"cache_creation":)"
       R"({"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20})",
       R"("input_tokens":31,"cache_creation_input_tokens":0,"output_tokens":2)",
       {31, 0, 0, 0, 2}},
    }));
  INFO(first << " / " << last);
  CHECK(split_of(begun_and_ended(first, last)) == split);
}

TEST_CASE("passes that Anthropic's server made beside the message are paid",
          "[usage]") {
  const std::string passes
    = R"("iterations":[{"type":"compaction","input_tokens":180000,)"
      R"("output_tokens":3500,"cache_creation_input_tokens":0},)"
      R"({"type":"message","input_tokens":1000,"output_tokens":100},)"
      R"({"cache_creation":{"ephemeral_5m_input_tokens":4,)"
      R"("ephemeral_1h_input_tokens":5},"cache_read_input_tokens":6,)"
      R"("input_tokens":7,"output_tokens":8,"type":"compaction"},)"
      R"({"input_tokens":900},null,[3]])";
  const figures all{1'000 + 180'000 + 7, 6, 4, 5, 100 + 3'500 + 8};
  const std::string sums = R"("input_tokens":1000,"output_tokens":100,)";
  const auto plain = [](const std::string& members) {
    return split_of(read_usage(surface::anthropic_messages,
                               R"({"type":"message","usage":{)" + members
                                 + "}}"));
  };
  CHECK(plain(sums + passes) == all);
  CHECK(plain(passes + "," + sums + R"("output_tokens_details":null)") == all);
  CHECK(plain(sums + R"("iterations":null)") == figures{1'000, 0, 0, 0, 100});
  CHECK(plain(sums + R"("iterations":[])") == figures{1'000, 0, 0, 0, 100});
  // A stream may say them twice; and where its end is silent, its start holds.
  CHECK(split_of(begun_and_ended(sums + passes, sums + passes)) == all);
  CHECK(split_of(begun_and_ended(sums + passes, R"("output_tokens":100)"))
        == all);
  CHECK(split_of(begun_and_ended(R"("input_tokens":1000,"output_tokens":1)",
                                 R"("output_tokens":100,)" + passes))
        == all);
  // Nobody else's.
  const auto chat_call = chat(R"({"usage":{"prompt_tokens":3,)" + passes
                              + "}}");
  CHECK(split_of(chat_call) == figures{3, 0, 0, 0, 0});
}

TEST_CASE("Gemini's sound and pictures", "[usage]") {
  // Of all input and output, of media in and out.
  const auto [members, split]
    = GENERATE(table<std::string, figures>({
      {R"("promptTokenCount":100,"candidatesTokenCount":9,)"
       R"("promptTokensDetails":[{"modality":"TEXT","tokenCount":40},)"
       R"({"modality":"AUDIO","tokenCount":60}])",
       {100, 9, 60, 0}},
      // Sound that was cached costs as what is cached.
      {R"("promptTokenCount":100,"cachedContentTokenCount":70,)"
       R"("promptTokensDetails":[{"tokenCount":60,"modality":"AUDIO"}],)"
       R"("cacheTokensDetails":[{"modality":"AUDIO","tokenCount":50}])",
       {30, 0, 10, 0}},
      // Pictures are shown as text, and made at a price of their own.
      {R"("promptTokenCount":300,"candidatesTokenCount":1300,)"
       R"("thoughtsTokenCount":50,)"
       R"("promptTokensDetails":[{"modality":"IMAGE","tokenCount":258},)"
       R"({"modality":"VIDEO","tokenCount":9}],"candidatesTokensDetails":)"
       R"([{"modality":"IMAGE","tokenCount":1290},)"
       R"({"modality":"TEXT","tokenCount":10}])",
       {300, 1'350, 0, 1'290}},
      {R"("promptTokenCount":3,"candidatesTokenCount":30,)"
       R"("candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":20},)"
       R"({"modality":"AUDIO","tokenCount":5}])",
       {3, 30, 0, 25}},
      // Never more than there is.
      {R"("promptTokenCount":10,"cachedContentTokenCount":4,)"
       R"("candidatesTokenCount":5,"thoughtsTokenCount":90,)"
       R"("promptTokensDetails":[{"modality":"AUDIO","tokenCount":99}],)"
       R"("candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":98},)"
       R"({"modality":"IMAGE","tokenCount":97}])",
       {6, 95, 6, 5}},
      {R"("promptTokenCount":10,"cacheTokensDetails":[{"modality":"AUDIO",)"
       R"("tokenCount":9}])",
       {10, 0, 0, 0}},
    }));
  INFO(members);
  const auto document = R"({"usageMetadata":{)" + members + "}}";
  auto used = read_usage(surface::gemini_generate, document);
  REQUIRE(used);
  CHECK(figures{used->input_uncached, used->output, used->media_input,
                used->media_output}
        == split);
  // The last of a stream's running figures count, once.
  used = read_usage(surface::gemini_generate, "data: " + document
                                                + "\r\n\r\ndata: " + document
                                                + "\r\n\r\n");
  REQUIRE(used);
  CHECK(figures{used->input_uncached, used->output, used->media_input,
                used->media_output}
        == split);
}

TEST_CASE("web searches among the items of an answer are counted",
          "[usage]") {
  const std::string response
    = R"({"object":"response","output":[{"type":"web_search_call","id":"ws_1",)"
      R"("action":{"type":"search","query":"web_search_call"}},)"
      R"({"id":"ws_2","type":"web_search_call"},{"type":"message","content":)"
      R"([{"type":"web_search_call"}]}],"usage":{"input_tokens":9,)"
      R"("output_tokens":2}})";
  auto used = read_usage(surface::openai_responses, response);
  REQUIRE(used);
  CHECK(used->web_searches == 2);
  // A stream says its items many times, all of them at its end.
  const auto stream
    = R"(data: {"type":"response.created","response":{"output":[]}})"
      "\n\n"
      R"(data: {"type":"response.output_item.done","item":)"
      R"({"type":"web_search_call"}})"
      "\n\ndata: {\"type\":\"response.in_progress\",\"response\":"
      + response + "}\n\ndata: {\"type\":\"response.completed\",\"response\":"
      + response + "}\n\n";
  used = read_usage(surface::openai_responses, stream);
  REQUIRE(used);
  CHECK(used->web_searches == 2);
  CHECK(in_chunks(surface::openai_responses, stream, [] { return size_t{1}; })
        == used);
}

TEST_CASE("any bytes in any chunks do no harm", "[usage]") {
  std::mt19937 random{4'711};
  const std::string letters = "{}[]\":,\\ \n\rdata:usage0123456789tokens_";
  std::uniform_int_distribution<size_t> letter{0, letters.size() - 1};
  for (int i = 0; i < 2'000; ++i) {
    std::string body = i % 2 == 0 ? "{" : "data: {";
    for (int j = 0; j < 200; ++j)
      body += letters[letter(random)];
    for (const auto route : {surface::openai_chat, surface::anthropic_messages,
                             surface::gemini_generate}) {
      std::uniform_int_distribution<size_t> size{1, 40};
      CHECK(in_chunks(route, body, [&] { return size(random); })
            == read_usage(route, body));
    }
  }
  // Deeper than any stack would go.
  const std::string deep(1'000'000, '[');
  CHECK_FALSE(chat(R"({"x":)" + deep));
  CHECK_FALSE(chat(deep));
}
