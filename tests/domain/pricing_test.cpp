#include "tests/domain/price_tables.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <random>

using namespace rota;

namespace {

/// A Saturday: no hour of peak.
constexpr timestamp noon{1'795'262'400'000};
constexpr int64_t hour_ms = 3'600'000;
constexpr int64_t day_ms = 24 * hour_ms;

usage tokens(int64_t input, int64_t read, int64_t write, int64_t hour,
             int64_t output) {
  usage x;
  x.input_uncached = input;
  x.cache_read = read;
  x.cache_write_5m = write;
  x.cache_write_1h = hour;
  x.output = output;
  return x;
}

/// The price of one token of each kind, in picodollars.
std::vector<int64_t> picos(const price_table& prices, const std::string& name,
                           service_tier tier = service_tier::standard,
                           int64_t input = 1, timestamp at = noon) {
  const auto one = [&](usage x) {
    x.tier = tier;
    // A thousand times as dear shows a picodollar as a nanodollar.
    return prices.cost(name, x, factor{1'000'000'000}, at).nanos;
  };
  // `filler` lifts the prompt over a threshold; its price is taken off again.
  const auto filler = input - 1;
  const auto base = one(tokens(filler, 0, 0, 0, 0));
  return {
    one(tokens(filler + 1, 0, 0, 0, 0)) - base,
    one(tokens(filler, 0, 0, 0, 1)) - base,
    one(tokens(filler, 1, 0, 0, 0)) - base,
    one(tokens(filler, 0, 1, 0, 0)) - base,
    one(tokens(filler, 0, 0, 1, 0)) - base,
  };
}

using figures = std::vector<int64_t>;

} // namespace

TEST_CASE("golden answers cost what they cost", "[pricing]") {
  const auto index = nlohmann::json::parse(
    read_text(ROTA_TEST_DATA "/wire/index.json"));
  size_t seen = 0;
  for (const auto& row : index.at("usage")) {
    if (row.at("expect").is_null() || row.at("expect_cost_micro_usd").is_null())
      continue;
    const auto& x = row.at("expect");
    const auto used = tokens(x.at("input_uncached"), x.at("cache_read"),
                             x.at("cache_write_5m"), x.at("cache_write_1h"),
                             x.at("output"));
    INFO(row.at("file"));
    const auto micros = row.at("expect_cost_micro_usd").get<double>();
    CHECK(built_in().cost(row.at("model").get<std::string>(), used, factor{},
                          noon)
          == money{std::llround(micros * 1'000)});
    ++seen;
  }
  CHECK(seen >= 14);
}

TEST_CASE("a relay's group ratio multiplies the list price", "[pricing]") {
  // Source: new-api's quota formula. (1000 + 10000 x 0.1 + 2000 x 1.25 +
  // 500 x 5) x 1.5 x 0.8 = 8,400 quota of 1/500,000 USD.
  const auto used = tokens(1'000, 10'000, 2'000, 0, 500);
  CHECK(built_in().cost("claude-sonnet-4-6", used, factor{800'000}, noon)
        == money{16'800'000});
}

TEST_CASE("an unknown model costs the highest of all prices", "[pricing]") {
  for (const auto* name : {"", "nobody-knows", "gpt", "gpt-5x", "o", "/"}) {
    INFO(name);
    const auto found = built_in().find(name);
    CHECK(found.unknown);
    CHECK(found.name.empty());
    REQUIRE(found.prices);
  }
  // claude-opus-4-1's, but for cached input: where the table has no price of
  // it, as of gpt-4o-transcribe, it costs as input.
  CHECK(picos(built_in(), "nobody-knows")
        == figures{15'000'000, 75'000'000, 2'500'000, 18'750'000, 30'000'000});
  const auto mixed = table_of(
    R"({"a": {"input_cost_per_token": 1e-12,
              "output_cost_per_token": 9e-12},
        "b": {"input_cost_per_token": 7e-12,
              "output_cost_per_token": 2e-12}})");
  CHECK(picos(mixed, "c") == figures{7, 9, 7, 7, 7});
}

TEST_CASE("an empty table knows nothing", "[pricing]") {
  const price_table none;
  CHECK(none.empty());
  CHECK(none.find("gpt-5").unknown);
  CHECK(none.cost("gpt-5", tokens(9, 9, 9, 9, 9), factor{}, noon) == money{});
}

TEST_CASE("what a file leaves out follows from the input price",
          "[pricing]") {
  const auto prices = std::string{
    R"("input_cost_per_token": 3e-12, "output_cost_per_token": 9e-12)"};
  CHECK(picos(model(prices), "m") == figures{3, 9, 3, 3, 3});
  CHECK(picos(model(prices + R"(, "litellm_provider": "anthropic")"), "m")
        == figures{3, 9, 3, 4, 6}); // 3.75 rounds up.
  CHECK(picos(model(prices + R"(, "cache_creation_input_token_cost": 5e-12)"),
              "m")
        == figures{3, 9, 3, 5, 5});
  CHECK(picos(model(prices + R"(, "cache_read_input_token_cost": null)"), "m")
        == figures{3, 9, 3, 3, 3});
  // Cached input that is dearer than input is a slip of the table.
  CHECK(picos(model(prices + R"(, "cache_read_input_token_cost": 8e-12)"), "m")
        == figures{3, 9, 3, 3, 3});
}

TEST_CASE("a long prompt is dearer as a whole", "[pricing]") {
  const std::string name = "claude-sonnet-4-5";
  CHECK(picos(built_in(), name, service_tier::standard, 200'000 - 1)
        == figures{3'000'000, 15'000'000, 300'000, 3'750'000, 6'000'000});
  CHECK(picos(built_in(), name, service_tier::standard, 300'000)
        == figures{6'000'000, 22'500'000, 600'000, 7'500'000, 12'000'000});
  // The threshold counts cached tokens, and exactly.
  CHECK(built_in().cost(name, tokens(0, 200'000, 0, 0, 0), factor{}, noon)
        == money{200'000 * 300});
  CHECK(built_in().cost(name, tokens(0, 200'000, 0, 1, 0), factor{}, noon)
        == money{200'000 * 600 + 12'000});
}

TEST_CASE("any number of bands, with parts left out", "[pricing]") {
  const auto x = model(R"("input_cost_per_token": 100e-12,
    "output_cost_per_token": 200e-12, "cache_read_input_token_cost": 10e-12,
    "cache_creation_input_token_cost": 125e-12,
    "input_cost_per_token_above_7k_tokens": 300e-12,
    "input_cost_per_token_above_1k_tokens": 150e-12,
    "output_cost_per_token_above_1k_tokens": 250e-12,
    "cache_read_input_token_cost_above_1k_tokens": 11e-12)");
  const auto at = [&](int64_t input) {
    return picos(x, "m", service_tier::standard, input);
  };
  CHECK(at(900) == figures{100, 200, 10, 125, 125});
  CHECK(at(1'500) == figures{150, 250, 11, 188, 188}); // 187.5 rounds up.
  // What the highest band does not say follows from the one below.
  CHECK(at(9'000) == figures{300, 250, 22, 376, 376});
}

TEST_CASE("service tiers have prices of their own", "[pricing]") {
  const std::string name = "gemini-3.1-pro-preview";
  CHECK(picos(built_in(), name, service_tier::priority)
        == figures{3'600'000, 21'600'000, 360'000, 3'600'000, 3'600'000});
  CHECK(picos(built_in(), name, service_tier::priority, 300'000)
        == figures{7'200'000, 32'400'000, 720'000, 450'000, 7'200'000});
  CHECK(picos(built_in(), name, service_tier::batch)[0] == 1'000'000);
  // Its batch prices name no band: they keep their relation to the standard.
  CHECK(picos(built_in(), name, service_tier::batch, 300'000)
        == figures{2'000'000, 9'000'000, 200'000, 125'000, 2'000'000});
  // A tier without prices costs what the standard one does.
  CHECK(picos(built_in(), "claude-opus-4-1", service_tier::flex)
        == picos(built_in(), "claude-opus-4-1"));
}

TEST_CASE("prices change on their day", "[pricing]") {
  const timestamp promo_ends{1'798'761'600'000}; // 2027-01-01T00:00Z
  const std::string name = "gemini-3.6-flash";
  const auto at = [&](timestamp t) {
    return picos(built_in(), name, service_tier::standard, 1, t);
  };
  CHECK(at(promo_ends - milliseconds{1})
        == figures{750'000, 3'750'000, 75'000, 750'000, 750'000});
  CHECK(at(promo_ends)
        == figures{1'500'000, 7'500'000, 150'000, 1'500'000, 1'500'000});
  const auto x = model(R"("input_cost_per_token": 4e-12,
    "output_cost_per_token": 4e-12, "input_cost_per_token_flex": 2e-12,
    "output_cost_per_token_flex": 2e-12,
    "input_cost_per_token_above_1k_tokens": 8e-12,
    "x_schedule": [
      {"from": "2027-03-01", "input_cost_per_token": 20e-12},
      {"from": "2027-02-01", "input_cost_per_token": 12e-12,
       "input_cost_per_token_flex": 5e-12}])");
  const auto input = [&](service_tier tier, int64_t size, int64_t days) {
    return picos(x, "m", tier, size, promo_ends + milliseconds{days * day_ms})
      .at(0);
  };
  CHECK(input(service_tier::standard, 1, 30) == 4);
  CHECK(input(service_tier::standard, 1, 31) == 12);
  CHECK(input(service_tier::standard, 1, 60) == 20);
  CHECK(input(service_tier::standard, 2'000, 60) == 40);
  CHECK(input(service_tier::flex, 1, 30) == 2);
  CHECK(input(service_tier::flex, 1, 31) == 5);
  CHECK(input(service_tier::flex, 1, 60) == 10);
}

TEST_CASE("peak hours cost their factor", "[pricing]") {
  const timestamp monday{1'795'392'000'000}; // 2026-11-23T00:00Z
  const auto input = [&](int64_t day, int64_t minute) {
    return picos(built_in(), "deepseek-flash", service_tier::standard, 1,
                 monday + milliseconds{day * day_ms + minute * 60'000})
      .at(0);
  };
  const int64_t usual = 150'000;
  CHECK(input(0, 59) == usual);
  CHECK(input(0, 60) == 2 * usual);
  CHECK(input(0, 239) == 2 * usual);
  CHECK(input(0, 240) == usual);
  CHECK(input(0, 360) == 2 * usual);
  CHECK(input(0, 600) == usual);
  CHECK(input(4, 60) == 2 * usual); // Friday
  CHECK(input(5, 60) == usual);
  CHECK(input(6, 60) == usual);
  CHECK(input(7, 60) == 2 * usual);
}

TEST_CASE("speed and place multiply tokens, not searches", "[pricing]") {
  auto x = tokens(1'000, 0, 0, 0, 100); // 1,000 x 5e-6 + 100 x 25e-6.
  const auto cost = [&](const usage& used, factor f = {}) {
    return built_in().cost("claude-opus-4-8", used, f, noon).nanos;
  };
  CHECK(cost(x) == 7'500'000);
  x.fast = true;
  CHECK(cost(x) == 45'000'000);
  x.us_only = true;
  CHECK(cost(x) == 49'500'000);
  x.web_searches = 3;
  CHECK(cost(x) == 49'500'000 + 30'000'000);
  CHECK(cost(x, factor{500'000}) == (49'500'000 + 30'000'000) / 2);
  CHECK(cost(x, factor{0}) == 0);
}

TEST_CASE("a cost is rounded up once, at the very end", "[pricing]") {
  const auto x = model(R"("input_cost_per_token": 1e-12,
                          "output_cost_per_token": 1e-12)");
  const auto cost = [&](const usage& used, int64_t ppm = 1'000'000) {
    return x.cost("m", used, factor{ppm}, noon).nanos;
  };
  CHECK(cost(tokens(0, 0, 0, 0, 0)) == 0);
  CHECK(cost(tokens(1, 0, 0, 0, 0)) == 1);
  CHECK(cost(tokens(500, 0, 0, 0, 500)) == 1);
  CHECK(cost(tokens(500, 0, 0, 0, 501)) == 2);
  CHECK(cost(tokens(2'000, 0, 0, 0, 0), 500'000) == 1);
  CHECK(cost(tokens(2'001, 0, 0, 0, 0), 500'000) == 2);
  CHECK(cost(tokens(1, 0, 0, 0, 0), 1) == 1);
}

TEST_CASE("absurd usage is bounded and never negative", "[pricing]") {
  const auto most = INT64_MAX;
  auto x = tokens(most, most, most, most, most);
  x.input_uncached = INT64_MAX / 8; // Their sum must fit.
  x.cache_read = x.cache_write_5m = x.cache_write_1h = x.input_uncached;
  x.web_searches = most;
  x.fast = x.us_only = true;
  const money limit{1'000'000'000'000'000};
  CHECK(built_in().cost("claude-opus-4-8", x, factor{INT64_MAX}, noon)
        == limit);
  CHECK(built_in().cost("claude-opus-4-8", x, factor{}, noon) == limit);
  CHECK(built_in().cost("gpt-5", tokens(-5, -5, -5, -5, -5), factor{}, noon)
        == money{});
}

TEST_CASE("a cost is the sum of its parts, to a nanodollar",
          "[pricing][property]") {
  std::mt19937_64 random{23};
  const auto draw = [&random](int64_t n) {
    return std::uniform_int_distribution<int64_t>{0, n}(random);
  };
  const std::vector<std::string> names{"gpt-5-mini", "claude-opus-4-8",
                                       "gemini-2.5-flash", "kimi-k2.6"};
  for (int i = 0; i < 10'000; ++i) {
    const auto& name = names[static_cast<size_t>(i) % names.size()];
    const auto x = tokens(draw(20'000), draw(20'000), draw(20'000),
                          draw(20'000), draw(20'000));
    const auto each = picos(built_in(), name);
    const auto ppm = draw(3'000'000);
    const long double exact
      = (static_cast<long double>(x.input_uncached) * each[0]
         + static_cast<long double>(x.output) * each[1]
         + static_cast<long double>(x.cache_read) * each[2]
         + static_cast<long double>(x.cache_write_5m) * each[3]
         + static_cast<long double>(x.cache_write_1h) * each[4])
        * ppm / 1e9L;
    const auto cost = built_in().cost(name, x, factor{ppm}, noon).nanos;
    REQUIRE(static_cast<long double>(cost) >= exact - 1e-6L);
    REQUIRE(static_cast<long double>(cost) < exact + 1 + 1e-6L);
  }
}

TEST_CASE("scaling rounds to the safe side", "[pricing]") {
  CHECK(scale_up(money{10}, factor{}) == money{10});
  CHECK(scale_up(money{1}, factor{500'000}) == money{1});
  CHECK(scale_up(money{3}, factor{500'000}) == money{2});
  CHECK(scale_up(money{-3}, factor{500'000}) == money{-1});
  CHECK(scale_up(money{INT64_MAX}, factor{INT64_MAX}).nanos
        == 1'000'000'000'000'000'000);
  CHECK(unscale_down(money{10}, factor{}) == money{10});
  CHECK(unscale_down(money{1}, factor{3'000'000}) == money{0});
  CHECK(unscale_down(money{-1}, factor{3'000'000}) == money{-1});
  CHECK(unscale_down(money{1}, factor{0}).nanos == 1'000'000'000'000'000'000);
  CHECK(unscale_down(money{0}, factor{0}) == money{});
}

TEST_CASE("what fits, fits, and nothing more does", "[pricing][property]") {
  std::mt19937_64 random{31};
  std::uniform_int_distribution<int64_t> amount{0, 1'000'000'000'000};
  std::uniform_int_distribution<int64_t> ppm{1, 20'000'000};
  for (int i = 0; i < 20'000; ++i) {
    const money x{amount(random) >> (i % 40)};
    const factor f{ppm(random)};
    const auto most = unscale_down(x, f);
    REQUIRE(scale_up(most, f) <= x);
    REQUIRE(scale_up(most + money{1}, f) > x);
  }
}
