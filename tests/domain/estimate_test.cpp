#include "actors/domain/estimate.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/text_file.hpp"

#include <nlohmann/json.hpp>

using namespace rota;
using nlohmann::json;

namespace {

constexpr int64_t fallback = 4'096;

request_facts read(const std::string& body,
                   surface route = surface::openai_chat) {
  return read_request(route, body, fallback);
}

json chat(const std::string& text) {
  return {{"model", "gpt-5-mini"},
          {"messages", {{{"role", "user"}, {"content", text}}}}};
}

/// What a text adds to an empty message.
int64_t tokens_of(const std::string& text,
                  surface route = surface::openai_chat) {
  return read(chat(text).dump(), route).tokens.input
         - read(chat("").dump(), route).tokens.input;
}

std::string repeated(const std::string& text, int n) {
  std::string result;
  for (int i = 0; i < n; ++i)
    result += text;
  return result;
}

} // namespace

TEST_CASE("a request says what routing needs", "[estimate]") {
  const auto x = read(
    R"({"stream": true, "model": "gpt-5-mini", "max_tokens": 50,
        "messages": [{"role": "user", "content": "Hello"}]})");
  CHECK(x.fault.empty());
  CHECK(x.model == "gpt-5-mini");
  CHECK(x.stream);
  CHECK(x.tokens.output == 50);
  const auto y = read(R"({"messages": []})");
  CHECK(y.model.empty());
  CHECK_FALSE(y.stream);
  CHECK(y.tokens.output == fallback);
  CHECK(y.tokens.input >= 3);
}

TEST_CASE("every spelling of the most output", "[estimate]") {
  const auto [members, output] = GENERATE(table<std::string, int64_t>({
    {R"("max_tokens": 7)", 7},
    {R"("max_completion_tokens": 7)", 7},
    {R"("max_output_tokens": 7)", 7},
    {R"("generationConfig": {"maxOutputTokens": 7})", 7},
    {R"("generation_config": {"max_output_tokens": 7})", 7},
    {R"("max_tokens": 7, "max_completion_tokens": 9)", 9},
    {R"("max_completion_tokens": 9, "max_tokens": 7)", 9},
    {R"("max_tokens": 7, "n": 3)", 21},
    {R"("n": 3, "max_tokens": 7)", 21},
    {R"("n": 3)", 3 * fallback},
    {R"("max_tokens": 7, "n": 2, "best_of": 20)", 140},
    {R"("best_of": 20, "max_tokens": 7, "n": 2)", 140},
    {R"("n": 0)", fallback},
    {R"("generationConfig": {"candidateCount": 2, "maxOutputTokens": 8})", 16},
    {R"("max_tokens": null)", fallback},
    {R"("max_tokens": "many")", fallback},
    {R"("max_tokens": 0)", fallback},
    {R"("max_tokens": -5)", fallback},
    {R"("max_tokens": 1e3)", 1'000},
    {R"("max_tokens": 2.5)", 3},
    {R"("max_tokens": 9223372036854775807, "n": 9223372036854775807)",
     1'000'000'000},
    {R"("max_tokens": 99999999999999999999999)", 1'000'000'000},
    // Relays fold case, and take the later.
    {R"("max_tokens": 7, "Max_Tokens": 9)", 9},
    {R"("MAX_COMPLETION_TOKENS": 9, "max_tokens": 7)", 9},
    {R"("max_tokens": 7, "N": 3)", 21},
    {R"("Best_Of": 20, "max_tokens": 7)", 140},
    {R"("GenerationConfig": {"MaxOutputTokens": 9, "maxOutputTokens": 7})", 9},
    {R"("generationConfig": {"candidateCount": 1, "CandidateCount": 2,
         "maxOutputTokens": 8})", 16},
    {"\"max_tokens\": 7, \"max_to\u212aen\u017f\": 9", 9},
    {R"("max_tokens": 7, "max_to\u212aens": 9)", 9},
    {R"("max_tokens": 7, "max_to\u00e9ens": 9)", 7},
    // Only the top of a request limits it.
    {R"("tools": [{"max_tokens": 3, "maxOutputTokens": 3}])", fallback},
  }));
  INFO(members);
  const auto x = read("{" + members + "}");
  CHECK(x.fault.empty());
  CHECK(x.tokens.output == output);
}

TEST_CASE("embeddings and moderations say nothing", "[estimate]") {
  const auto route
    = GENERATE(surface::openai_embeddings, surface::openai_moderations);
  CHECK(read(R"({"input": "text", "max_tokens": 9})", route).tokens.output
        == 0);
}

TEST_CASE("the weights of each kind of text", "[estimate]") {
  // A hundred of each, so that rounding does not hide the weight.
  const auto [unit, openai, claude, gemini]
    = GENERATE(table<std::string, int64_t, int64_t, int64_t>({
      {"word", 102, 113, 115},
      {"understanding", 306, 339, 345}, // 13 letters are three parts.
      {"12", 155, 163, 280},
      {"2026", 310, 326, 560},
      {"\u4f60", 85, 121, 68},
      {"\u3042", 85, 121, 68},
      {"\ud55c", 85, 121, 68},
      {"\U00020000", 85, 121, 68},
      {"(", 40, 40, 38},
      {"\u2211", 268, 452, 105},
      {"&", 100, 126, 120},
      {"@", 200, 282, 250},
      {"\U0001f600", 212, 260, 108},
      {"\n", 50, 89, 115},
      {" ", 42, 39, 20},
      {"\u0436", 100, 100, 100},
    }));
  INFO(unit);
  // A bracket keeps runs apart; its weight is taken off.
  const auto only = [](const std::string& text, surface route) {
    return tokens_of(repeated(text + "(", 100), route)
           - tokens_of(repeated("(", 100), route);
  };
  CHECK(only(unit, surface::openai_chat) == openai);
  CHECK(only(unit, surface::openai_responses) == openai);
  CHECK(only(unit, surface::anthropic_messages) == claude);
  CHECK(only(unit, surface::gemini_generate) == gemini);
}

TEST_CASE("an estimate lies above rules of thumb, but not far",
          "[estimate]") {
  const std::string english
    = "The daemon owns every account, knows what each of them has left, and "
      "sends each request to the best one. When one fails, it moves on to the "
      "next before the caller notices anything.\n";
  const std::string code
    = "for (size_t i = 0; i < items.size(); ++i) {\n"
      "  if (items[i].price > limit)\n    return std::nullopt;\n}\n";
  const std::string chinese = "\u6bcf\u4e2a\u8d26\u6237\u8fd8\u5269\u591a\u5c11"
                              "\u94b1\u4e00\u76ee\u4e86\u7136\u3002";
  for (const auto route : {surface::openai_chat, surface::anthropic_messages,
                           surface::gemini_generate}) {
    // English takes about four characters a token, code about three.
    const auto words = tokens_of(repeated(english, 10), route);
    const auto characters = static_cast<int64_t>(english.size()) * 10;
    CHECK(words >= characters / 4);
    CHECK(words <= characters * 10 / 22);
    const auto program = tokens_of(repeated(code, 10), route);
    CHECK(program >= static_cast<int64_t>(code.size()) * 10 / 3);
    // Each Chinese character takes two thirds to one token.
    const auto signs = tokens_of(repeated(chinese, 10), route);
    CHECK(signs >= 14 * 10 * 2 / 3);
    CHECK(signs <= 14 * 10 * 13 / 10);
  }
}

TEST_CASE("golden batch lines are estimated above what they took",
          "[estimate]") {
  std::map<std::string, int64_t> estimates;
  for (const auto& line : lines_of(
         read_text(ROTA_TEST_DATA "/wire/batch/openai_input.jsonl"))) {
    const auto x = json::parse(line);
    const auto facts = read(x.at("body").dump());
    REQUIRE(facts.fault.empty());
    CHECK(facts.model == x.at("body").at("model").get<std::string>());
    estimates[x.at("custom_id")] = facts.tokens.input;
  }
  size_t seen = 0;
  for (const auto& line : lines_of(
         read_text(ROTA_TEST_DATA "/wire/batch/openai_output.jsonl"))) {
    const auto x = json::parse(line);
    if (x.at("response").is_null())
      continue;
    const auto& body = x.at("response").at("body");
    if (!body.contains("usage"))
      continue;
    INFO(line);
    CHECK(estimates.at(x.at("custom_id"))
          >= body.at("usage").at("prompt_tokens").get<int64_t>());
    ++seen;
  }
  CHECK(seen > 0);
}

TEST_CASE("roles, tools and keys count", "[estimate]") {
  auto one = chat("Hello");
  auto two = one;
  two["messages"].push_back({{"role", "user"}, {"content", "Hello"}});
  CHECK(read(two.dump()).tokens.input >= read(one.dump()).tokens.input + 4);
  auto tool = one;
  tool["tools"] = json::parse(
    R"([{"type": "function", "function": {"name": "get_weather",
         "description": "Looks up the weather of a city.",
         "parameters": {"type": "object", "required": ["city"],
                        "properties": {"city": {"type": "string"}}}}}])");
  CHECK(read(tool.dump()).tokens.input >= read(one.dump()).tokens.input + 50);
  const auto claude = [](const json& x) {
    return read(x.dump(), surface::anthropic_messages).tokens.input;
  };
  CHECK(claude(tool) >= claude(one) + 346);
}

TEST_CASE("pictures take a constant, not their bytes", "[estimate]") {
  const std::string bytes(300'000, 'A');
  const auto picture = GENERATE_COPY(
    json{{"type", "image_url"},
         {"image_url", {{"url", "data:image/png;base64," + bytes}}}},
    json{{"type", "image_url"}, {"image_url", {{"url", "https://x.test/a"}}}},
    json{{"type", "input_image"}, {"image_url", "https://x.test/a.png"}},
    json{{"type", "image"},
         {"source", {{"type", "base64"}, {"data", bytes}}}},
    json{{"inline_data", {{"mime_type", "image/png"}, {"data", bytes}}}},
    json{{"type", "image_generation_call"}, {"result", bytes}},
    json{{"fileData", {{"fileUri", "gs://bucket/a.png"}}}});
  json body = chat("");
  body["messages"][0]["content"] = json::array({picture});
  const auto x = read(body.dump());
  CHECK(x.fault.empty());
  CHECK(x.tokens.input >= 1'600);
  CHECK(x.tokens.input <= 1'640);
  CHECK(read(body.dump(), surface::anthropic_messages).tokens.input >= 4'800);
}

TEST_CASE("lists of tokens count as they are", "[estimate]") {
  json body{{"model", "text-embedding-3-small"}, {"input", json::array()}};
  for (int i = 0; i < 1'000; ++i)
    body["input"].push_back(i);
  const auto flat = read(body.dump(), surface::openai_embeddings);
  CHECK(flat.tokens.input >= 1'000);
  CHECK(flat.tokens.input <= 1'020);
  body["input"] = json::array({body["input"], body["input"]});
  const auto nested = read(body.dump(), surface::openai_embeddings);
  CHECK(nested.tokens.input >= 2'000);
  CHECK(nested.tokens.input <= 2'030);
}

TEST_CASE("escapes are read before they are weighed", "[estimate]") {
  const auto plain = read(R"({"messages": [{"content": "a\nb"}]})");
  const auto escaped
    = read(R"({"m\u0065ssages": [{"cont\u0065nt": "\u0061\u000a\u0062"}]})");
  CHECK(plain.tokens.input == escaped.tokens.input);
}

TEST_CASE("what is no request is said in one sentence", "[estimate]") {
  const auto body = GENERATE(
    as<std::string>{}, "", " ", "null", "3", "[]", "\"text\"", "{", "{\"a\"}",
    "{\"a\":}", "{\"a\": \"b}", "{\"model\": \"m\"} {\"model\": \"n\"}",
    "{\"messages\": [1, 2}", "{\"a\": \"\xff\xfe\"}", "<html></html>");
  INFO(body);
  const auto x = read(body);
  CHECK(!x.fault.empty());
  CHECK(x.fault.find('\n') == std::string::npos);
  CHECK_FALSE(x.fault.ends_with('.')); // Whoever quotes it ends the sentence.
}

TEST_CASE("a request names one model", "[estimate]") {
  for (const auto* body :
       {R"({"model":"a","model":"b"})", R"({"model":"a","Model":"b"})",
        R"({"MODEL":"a","x":1,"model":"b"})", R"({"model":null,"model":"b"})"})
    CHECK(read(body).fault == "it names its model twice");
  CHECK(read(R"({"model":"a","x":{"model":"b"}})").fault.empty());
}

TEST_CASE("deep documents are refused, not followed", "[estimate]") {
  const auto nested = [](int n) {
    return "{\"messages\": " + repeated("[", n) + repeated("]", n) + "}";
  };
  CHECK(read(nested(100)).fault.empty());
  CHECK_THAT(read(nested(200)).fault, ContainsSubstring("deeper than 128"));
  CHECK(!read(nested(500'000)).fault.empty());
  CHECK(!read("{\"a\":" + repeated("{\"a\":", 300'000)).fault.empty());
}

TEST_CASE("a body is read where it stands", "[estimate]") {
  // Nothing behind the view may be touched or matter.
  const std::string text = R"({"model": "m", "max_tokens": 5}"max_tokens": 9})";
  const auto end = text.find('}') + 1;
  const auto x = read_request(surface::openai_chat,
                              std::string_view{text}.substr(0, end), fallback);
  CHECK(x.fault.empty());
  CHECK(x.tokens.output == 5);
}

TEST_CASE("any broken body is survived", "[estimate][property]") {
  const auto whole = chat("Text with \"quotes\" and \u4f60\U0001f600.").dump();
  for (size_t i = 0; i <= whole.size(); ++i) {
    const auto cut = read(whole.substr(0, i));
    REQUIRE(cut.tokens.input >= 0);
    if (i < whole.size())
      REQUIRE(!cut.fault.empty());
    for (const char c : {'\0', '"', '{', ']', '\\', '\xff'}) {
      auto broken = whole;
      if (i < whole.size())
        broken[i] = c;
      REQUIRE(read(broken).tokens.input >= 0);
    }
  }
}
