// The pure parts: how figures, times and tables are spelt.

#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include "tests/support/catch.hpp"

using namespace rota::cli;

TEST_CASE("money loses the zeros that say nothing", "[cli]") {
  const std::vector<std::pair<std::string, std::string>> table{
    {"25.000000000", "25.00"},      {"0.000123000", "0.000123"},
    {"0.000000001", "0.000000001"}, {"-1.500000000", "-1.50"},
    {"0.000000000", "0.00"},        {"9223372036.854775807",
                                     "9223372036.854775807"},
    {"100.100000000", "100.10"},    {"7", "7"},
  };
  for (const auto& [given, wanted] : table)
    CHECK(short_money(given) == wanted);
}

TEST_CASE("durations as people say them", "[cli]") {
  const std::vector<std::pair<double, std::string>> table{
    {-3, "0 s"},          {0, "0 s"},
    {0.4, "0 s"},         {0.5, "1 s"},
    {59, "59 s"},         {59.6, "1 min"},
    {60, "1 min"},        {61, "1 min 1 s"},
    {3'599, "59 min 59 s"}, {3'600, "1 h 0 min"},
    {4'320, "1 h 12 min"}, {86'399, "23 h 59 min"},
    {86'400, "1 d 0 h"},  {200'000, "2 d 7 h"},
  };
  for (const auto& [given, wanted] : table)
    CHECK(duration(given) == wanted);
}

TEST_CASE("times are told from now", "[cli]") {
  constexpr int64_t now = 1'795'435'200; // 2026-11-23T12:00:00Z
  CHECK(epoch_of("2026-11-23T12:00:00.000Z") == now);
  CHECK(epoch_of("1970-01-01T00:00:00Z") == 0);
  CHECK_FALSE(epoch_of("yesterday"));
  CHECK_FALSE(epoch_of("2026-11-23T12:00:00+08:00"));
  CHECK(relative("2026-11-23T11:59:57.900Z", now) == "3 s ago");
  CHECK(relative("2026-11-23T12:00:00.000Z", now) == "0 s ago");
  CHECK(relative("2026-11-23T12:02:00.000Z", now) == "in 2 min");
  CHECK(relative(nullptr, now) == "-");
  CHECK(relative("soon\x1b[2J", now) == "soon [2J");
}

TEST_CASE("a table is aligned by what a terminal shows", "[cli]") {
  const std::vector<table_row> rows{
    {{"NAME"}, right_head("SUM"), {"NOTE"}},
    {{"größe"}, right_head("1.00"), {}},
    {{"x"}, right_head("100.00"), {"late"}},
  };
  CHECK(table(rows, false) == "NAME      SUM  NOTE\n"
                              "größe    1.00\n"
                              "x      100.00  late\n");
  CHECK(table({}, false).empty());
}

TEST_CASE("colours change no alignment", "[cli]") {
  const std::vector<table_row> rows{
    {{"STATE"}, {"B"}},
    {state_cell("ejected"), {"b"}},
    {state_cell("paused"), {"b"}},
    {state_cell("running"), {"b"}},
  };
  CHECK(table(rows, true) == "\x1b[90mSTATE\x1b[0m    \x1b[90mB\x1b[0m\n"
                             "\x1b[31mejected\x1b[0m  b\n"
                             "\x1b[33mpaused\x1b[0m   b\n"
                             "running  b\n");
}

TEST_CASE("details leave out what is empty", "[cli]") {
  CHECK(details({{"a", {"1"}}, {"much longer", {""}}, {"cd", {"2"}}}, false)
        == "a   1\ncd  2\n");
  CHECK(details({{"a", {"1", colour::green}}}, true)
        == "a  \x1b[32m1\x1b[0m\n");
}

TEST_CASE("a text is cut between characters", "[cli]") {
  CHECK(cut("größe", 3) == "grö");
  CHECK(cut("größe", 5) == "größe");
  CHECK(cut("größe", 9) == "größe");
  CHECK(cut("größe", 0).empty());
  CHECK(width_of("größe") == 5);
  CHECK(counted(1, "line") == "1 line");
  CHECK(counted(0, "line") == "0 lines");
  CHECK(counted(1, "entry", "entries") == "1 entry");
  CHECK(counted(2, "entry", "entries") == "2 entries");
}

TEST_CASE("a reply that lacks a field is told in a sentence", "[cli]") {
  const json x{{"name", "a"}, {"calls", 7}, {"rate", 1.5},
               {"spent", "1.500000000"}, {"gone", nullptr}, {"less", -1}};
  CHECK(text(x, "name") == "a");
  CHECK(text(x, "gone").empty());
  CHECK(text(x, "absent").empty());
  CHECK(count(x, "calls") == 7);
  CHECK(number(x, "rate") == 1.5);
  CHECK(number(x, "calls") == 7);
  CHECK(usd(x, "spent") == "1.50 USD");
  CHECK(list(x, "absent").empty());
  const auto wanted = rota::ContainsSubstring("rota version");
  CHECK_THROWS_WITH(count(x, "absent"), wanted);
  CHECK_THROWS_WITH(count(x, "less"), wanted);
  CHECK_THROWS_WITH(count(x, "name"), wanted);
  CHECK_THROWS_WITH(text(x, "calls"), wanted);
  CHECK_THROWS_WITH(usd(x, "calls"), wanted);
  CHECK_THROWS_WITH(flag(x, "calls"), wanted);
  CHECK_THROWS_WITH(list(x, "calls"), wanted);
  CHECK_THROWS_WITH(field(json::array(), "calls"), wanted);
}
