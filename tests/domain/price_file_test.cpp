// What a price file may say.

#include "tests/domain/price_tables.hpp"

using namespace rota;

namespace {

int64_t cost(const price_table& by, const usage& x) {
  return by.cost("m", x, factor{}, {}).nanos;
}

usage tokens(int64_t input, int64_t output, int64_t reasoning = 0) {
  usage x;
  x.input_uncached = input;
  x.output = output;
  x.reasoning = reasoning;
  return x;
}

} // namespace

TEST_CASE("prices by a list of ranges", "[pricing]") {
  const auto x = model(R"("tiered_pricing": [
    {"range": [32000.0, 128e3], "input_cost_per_token": 2e-6,
     "output_cost_per_token": 8e-6},
    {"range": [0, 32000], "input_cost_per_token": 1e-6,
     "output_cost_per_token": 4e-6, "cache_read_input_token_cost": 5e-7,
     "output_cost_per_reasoning_token": 6e-6},
    {"range": [128000, 256000], "input_cost_per_token": 3e-6}])");
  CHECK_FALSE(x.find("m").unknown);
  CHECK(cost(x, tokens(32'000, 10, 3)) == 32'000'000 + 7 * 4'000 + 3 * 6'000);
  CHECK(cost(x, tokens(32'001, 10, 3)) == 64'002'000 + 7 * 8'000 + 3 * 12'000);
  CHECK(cost(x, tokens(300'000, 10)) == 900'000'000 + 80'000);
  usage read;
  read.cache_read = 40'000;
  CHECK(cost(x, read) == 40'000'000); // Half the input, as in the first range.
  // The range counts before the plain price.
  CHECK(cost(model(R"("input_cost_per_token": 9e-6, "tiered_pricing":
                      [{"range": [0, 9], "input_cost_per_token": 1e-6}])"),
             tokens(1, 0))
        == 1'000);
}

TEST_CASE("bands of output alone, and of any other price", "[pricing]") {
  const auto x = model(R"("input_cost_per_token": 1e-6,
    "output_cost_per_token": 2e-6, "cache_read_input_token_cost": 1e-7,
    "output_cost_per_token_above_200k_tokens": 5e-6,
    "cache_read_input_token_cost_above_300k_tokens": 4e-7)");
  CHECK(cost(x, tokens(200'000, 10)) == 200'000'000 + 20'000);
  CHECK(cost(x, tokens(200'001, 10)) == 200'001'000 + 50'000);
  CHECK(cost(x, tokens(300'001, 10)) == 300'001'000 + 50'000);
  usage read;
  read.cache_read = 300'001;
  CHECK(cost(x, read) == 300'001 * 400);
  read.cache_read = 300'000;
  CHECK(cost(x, read) == 300'000 * 100);
}

TEST_CASE("thoughts may have a price of their own", "[pricing]") {
  const std::string prices = R"("input_cost_per_token": 1e-6,
    "output_cost_per_token": 2e-6)";
  CHECK(cost(model(prices), tokens(0, 10, 4)) == 20'000);
  const auto x = model(prices + R"(, "output_cost_per_reasoning_token": 9e-6)");
  CHECK(cost(x, tokens(0, 10, 4)) == 6 * 2'000 + 4 * 9'000);
  CHECK(cost(x, tokens(0, 10, 40)) == 90'000); // Never more than the output.
  auto drawn = tokens(0, 10, 8);
  drawn.media_output = 6;
  CHECK(cost(x, drawn) == 6 * 2'000 + 4 * 9'000);
  // They keep their relation to the output.
  const auto later = model(prices + R"(, "output_cost_per_reasoning_token": 4e-6,
    "output_cost_per_token_above_1k_tokens": 4e-6)");
  CHECK(cost(later, tokens(2'000, 10, 10)) == 2'000'000 + 80'000);
}

TEST_CASE("a call may have a price beside its tokens", "[pricing]") {
  const auto x = model(R"("input_cost_per_request": 0.005,
    "input_cost_per_token": 1e-6)");
  CHECK(cost(x, tokens(7, 0)) == 5'000'000 + 7'000);
  CHECK(x.cost("m", tokens(7, 0), factor{500'000}, {}).nanos == 2'503'500);
  CHECK(cost(model(R"("output_cost_per_request": 2)"), tokens(7, 7))
        == 2'000'000'000);
}

TEST_CASE("pictures and seconds may cost more than a dollar", "[pricing]") {
  usage x;
  x.units.images = 2;
  CHECK(cost(model(R"("output_cost_per_image": 1.5)"), x) == 3'000'000'000);
  x.units = {};
  x.units.audio_ms = 2'500;
  CHECK(cost(model(R"("output_cost_per_second": 1000)"), x)
        == 2'500'000'000'000);
}

TEST_CASE("a slip in the price of an hour's write is set right", "[pricing]") {
  const auto [input, shorter, hour, counts]
    = GENERATE(table<std::string, std::string, std::string, int64_t>({
      {"15e-6", "18.75e-6", "6e-06", 30'000}, // claude-3-opus.
      {"25e-8", "3e-07", "6e-06", 500},       // claude-3-haiku.
      {"5e-6", "6.25e-6", "10e-6", 10'000},
      {"5e-6", "6.25e-6", "12e-6", 12'000}, // What is plausible stays.
    }));
  usage x;
  x.cache_write_1h = 1;
  const auto prices = "\"input_cost_per_token\": " + input
                      + ", \"cache_creation_input_token_cost\": " + shorter
                      + ", \"cache_creation_input_token_cost_above_1hr\": "
                      + hour;
  CHECK(cost(model(prices + R"(, "litellm_provider": "anthropic")"), x)
        == counts);
}

TEST_CASE("batches cost half where their maker says so", "[pricing]") {
  const auto [maker, counts] = GENERATE(table<std::string, int64_t>({
    {"anthropic", 6'000}, {"openai", 6'000}, {"gemini", 6'000},
    {"moonshot", 12'000}, {"azure", 12'000},
  }));
  auto x = tokens(2, 2);
  x.tier = service_tier::batch;
  const auto prices = R"("input_cost_per_token": 2e-6,
    "output_cost_per_token": 4e-6, "litellm_provider": ")" + maker + '"';
  CHECK(cost(model(prices), x) == counts);
  CHECK(cost(model(prices + R"(, "input_cost_per_token_batches": 1e-6,
                                 "output_cost_per_token_batches": 3e-6)"),
             x)
        == 8'000);
  x.web_searches = 1; // Not these.
  CHECK(cost(model(prices
                   + R"(, "search_context_cost_per_query":
                          {"search_context_size_medium": 0.025})"),
             x)
        == counts + 25'000'000);
  // Later rows and long prompts follow.
  x.web_searches = 0;
  x.input_uncached = 1'002;
  const auto later
    = model(prices + R"(, "input_cost_per_token_above_1k_tokens": 4e-6,
        "x_schedule": [{"from": "2020-01-01", "input_cost_per_token": 6e-6}])");
  CHECK(later.cost("m", x, factor{}, timestamp{1'795'000'000'000}).nanos
        == counts / 6'000 * (1'002 * 6'000 + 2 * 2'000));
}

TEST_CASE("models that cost nothing are named", "[pricing]") {
  const auto x = table_of(R"({
    "gift": {"input_cost_per_token": 0.0, "output_cost_per_token": 0},
    "judge": {"input_cost_per_token": 0.0, "mode": "moderation"},
    "ranker": {"input_cost_per_token": 0, "input_cost_per_query": 0.002},
    "caller": {"input_cost_per_token": 0, "input_cost_per_request": 0.1},
    "late": {"input_cost_per_token": 0, "x_schedule": [
      {"from": "2027-01-01", "input_cost_per_token": 1e-6}]},
    "long": {"input_cost_per_token": 0,
             "input_cost_per_token_above_1k_tokens": 1e-6},
    "embedder": {"input_cost_per_token": 1e-7, "output_cost_per_token": 0}})");
  CHECK(x.priced_at_nothing() == std::vector<std::string>{"gift"});
  const auto built_in
    = parse_price_table(read_text(ROTA_SOURCE_DIR "/config/prices.json"));
  CHECK(built_in.table.priced_at_nothing().empty());
}

TEST_CASE("a table's faults name the model and the key", "[pricing]") {
  const auto [text, fault] = GENERATE(table<std::string, std::string>({
    {"", "is no price table in JSON: "},
    {"[]", "is no JSON object of models."},
    {"{}", "names no model with input_cost_per_token."},
    {R"({"m": 3})", "m: is no object of prices."},
    {R"({"m": {"input_cost_per_token": "1"}})",
     "m: input_cost_per_token: is no price in USD per token"},
    {R"({"m": {"input_cost_per_token": -1e-6}})",
     "m: input_cost_per_token: is no price"},
    {R"({"m": {"input_cost_per_token": 2.5}})",
     "m: input_cost_per_token: is no price"},
    {R"({"m": {"input_cost_per_token": 1e-6, "output_cost_per_token": []}})",
     "m: output_cost_per_token: is no price"},
    {R"({"m": {"input_cost_per_token": 1e-6,
         "input_cost_per_token_above_9k_tokens": true}})",
     "m: input_cost_per_token_above_9k_tokens: is no price"},
    {R"({"m": {"input_cost_per_token": 1e-6,
         "provider_specific_entry": {"fast": "x"}}})",
     "m: fast: is no factor"},
    {R"({"m": {"output_cost_per_image": 1001}})",
     "m: output_cost_per_image: is no price in USD per image; write a number"
     " from 0 to 1000, such as 0.04."},
    {R"({"m": {"input_cost_per_second": -1}})",
     "m: input_cost_per_second: is no price in USD per second; write a"},
    {R"({"m": {"input_cost_per_request": "x"}})",
     "m: input_cost_per_request: is no price in USD per request; write a"},
    {R"({"m": {"input_cost_per_query": 1e9}})",
     "m: input_cost_per_query: is no price in USD per query; write a"},
    {R"({"m": {"input_cost_per_character": 2}})",
     "m: input_cost_per_character: is no price in USD per character; write a"
     " number from 0 to 1, such as"},
    {R"({"m": {"input_cost_per_token": 1, "output_cost_per_image_token": 2}})",
     "m: output_cost_per_image_token: is no price in USD per token; write"},
    {R"({"m": {"input_cost_per_token": 1e-6,
         "search_context_cost_per_query":
           {"search_context_size_medium": "x"}}})",
     "m: search_context_size_medium: is no price in USD per query; write"},
    {R"({"m": {"tiered_pricing": [{"input_cost_per_token": 1e-6}]}})",
     "m: tiered_pricing: needs \"range\" as [FROM, TO] in tokens"},
    {R"({"m": {"input_cost_per_token": 1e-6, "x_schedule": [{}]}})",
     "m: x_schedule: needs \"from\" as YYYY-MM-DD"},
    {R"({"m": {"input_cost_per_token": 1e-6,
         "x_schedule": [{"from": "2027-02-30"}]}})",
     "m: x_schedule: needs \"from\" as YYYY-MM-DD"},
    {R"({"m": {"input_cost_per_token": 1e-6,
         "x_peak": {"factor": 2, "utc_windows": [["22:00", "02:00"]]}}})",
     "m: x_peak: has a window that is not"},
    {R"({"m": {"input_cost_per_token": 1e-6,
         "x_peak": {"factor": 2, "weekdays": [0]}}})",
     "m: x_peak: has a weekday"},
    {R"({"m": {"input_cost_per_token": 1e-6, "x_aliases": "n"}})",
     "m: x_aliases: is no list of names."},
    {R"({"m": {"input_cost_per_token": 1e-6, "x_aliases": ["n", 3]}})",
     "m: x_aliases: has something that is no name."},
    {R"({"m": {"input_cost_per_token": 1e-6},
         "m": {"input_cost_per_token": 1e-6}})",
     "m: stands in the table twice."},
  }));
  INFO(text);
  const auto faults = parse_price_table(text).faults;
  REQUIRE(!faults.empty());
  CHECK_THAT(faults[0], ContainsSubstring(fault));
}

TEST_CASE("a table's faults name their lines", "[pricing]") {
  const auto faults = parse_price_table(R"({
  "a": {
    "input_cost_per_token": 7,
    "output_cost_per_token": 8
  },
  "b": {"input_cost_per_token": 1e-6, "x_peak": {"factor": "x",
        "weekdays": [9]}},
  "c": 3
})")
                        .faults;
  const std::vector<std::string> starts{
    "3: a: input_cost_per_token: is no price",
    "4: a: output_cost_per_token: is no price",
    "6: b: factor: is no factor", "7: b: x_peak: has a weekday",
    "8: c: is no object of prices."};
  REQUIRE(faults.size() == starts.size());
  for (size_t i = 0; i < starts.size(); ++i) {
    INFO(faults[i]);
    CHECK(faults[i].starts_with(starts[i]));
  }
  const auto broken = parse_price_table("{\n\n  \"a\": }").faults;
  REQUIRE(broken.size() == 1);
  CHECK(broken[0].starts_with("3: syntax: is no price table in JSON: "));
}

TEST_CASE("models that have no price are left out", "[pricing]") {
  const auto x = table_of(
    R"({"sample_spec": {"input_cost_per_token": "documentation"},
        "video": {"output_cost_per_clip": 0.04},
        "m": {"input_cost_per_token": 1e-6, "max_output_tokens": 4096,
              "unheard_of": [{"x": 1}]}})");
  CHECK(x.find("video").unknown);
  CHECK(x.find("sample_spec").unknown);
  CHECK(x.find("m").prices->max_output_tokens == 4'096);
}
