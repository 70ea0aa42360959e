#include "actors/domain/exact_json.hpp"

#include "tests/support/catch.hpp"

#include <random>

using namespace rota;

TEST_CASE("numbers are read from their digits", "[pricing]") {
  const auto [text, places, expected]
    = GENERATE(table<const char*, int, std::optional<int64_t>>({
      {"0", 12, 0},
      {"0.0", 12, 0},
      {"0e99", 12, 0},
      {"1", 0, 1},
      {"1", 12, 1'000'000'000'000},
      {"2.5e-06", 12, 2'500'000},
      {"2.5E-6", 12, 2'500'000},
      {"0.0000025", 12, 2'500'000},
      {"25e-7", 12, 2'500'000},
      {"0.00000000025e+4", 12, 2'500'000},
      {"2.8e-09", 12, 2'800},
      {"1e-12", 12, 1},
      {"1.5625e-08", 12, 15'625},
      // What a double leaves behind means the number that was meant.
      {"6.999999999999999e-07", 12, 700'000},
      {"3.0000000000000001e-06", 12, 3'000'000},
      {"1.2500000000000001e-06", 12, 1'250'000},
      // What lies between two units costs the upper one.
      {"1.5e-12", 12, 2},
      {"1.01e-12", 12, 2},
      {"1e-13", 12, 1},
      {"1e-15", 12, 0},
      {"1e-30", 12, 0},
      {"1e-9999999999", 12, 0},
      {"1.1", 6, 1'100'000},
      {"6.0", 6, 6'000'000},
      {"9223372036854775807", 0, INT64_MAX},
      // What is no number, negative, or too much.
      {"9223372036854775808", 0, {}},
      {"1e19", 0, {}},
      {"1e400", 12, {}},
      {"9999999999999999999999999999999999999999", 0, {}},
      {"", 12, {}},
      {"-1", 12, {}},
      {"-0", 12, {}},
      {"+1", 12, {}},
      {"1.2.3", 12, {}},
      {".", 12, {}},
      {"e5", 12, {}},
      {"1e", 12, {}},
      {"1e-", 12, {}},
      {"1e5x", 12, {}},
      {"NaN", 12, {}},
    }));
  INFO(text);
  const auto got = parse_units(text, places);
  CHECK(got.has_value() == expected.has_value());
  CHECK(got.value_or(-1) == expected.value_or(-1));
}

TEST_CASE("every whole unit survives each way to write it",
          "[pricing][property]") {
  std::mt19937_64 random{11};
  for (int i = 0; i < 20'000; ++i) {
    const auto picos
      = std::uniform_int_distribution<int64_t>{0, 1'000'000'000}(random)
        >> (i % 30);
    char text[64];
    std::snprintf(text, sizeof(text), "%lde-12", static_cast<long>(picos));
    REQUIRE(parse_units(text, 12) == picos);
    // The shortest that a double needs, as Python and JavaScript write it.
    std::snprintf(text, sizeof(text), "%.17g",
                  static_cast<double>(picos) / 1e12);
    INFO(text);
    REQUIRE(parse_units(text, 12) == picos);
  }
}

TEST_CASE("a document keeps its numbers as they were written", "[pricing]") {
  const auto x = parse_exact_json(
    R"({"a": 1.50e-06, "b": [1, "2", true, null, -3], "c": {"d": {}}})");
  REQUIRE(x.root);
  REQUIRE(x.root->find("a"));
  CHECK(x.root->find("a")->text == "1.50e-06");
  CHECK(x.root->find("nothing") == nullptr);
  const auto list = x.root->find("b");
  REQUIRE(list->children.size() == 5);
  CHECK(list->find("b") == nullptr);
  CHECK(list->children[0].text == "1");
  CHECK(list->children[1].what == exact_json::kind::string);
  CHECK(list->children[2].text == "true");
  CHECK(list->children[3].what == exact_json::kind::null);
  CHECK(list->children[4].text == "-3");
  CHECK(x.root->find("c")->find("d")->what == exact_json::kind::object);
}

TEST_CASE("what is no JSON is refused with its place", "[pricing]") {
  CHECK_THAT(parse_exact_json("{\"a\": }").fault,
             ContainsSubstring("line 1, column 7"));
  CHECK_FALSE(parse_exact_json("").root);
  CHECK_FALSE(parse_exact_json("{} {}").root);
  const std::string deep(65, '[');
  CHECK_THAT(parse_exact_json(deep).fault, ContainsSubstring("deeper than 64"));
  CHECK(parse_exact_json(std::string(64, '[') + std::string(64, ']')).root);
}
