// The simulator's arithmetic and its true books.

#include "tests/support/catch.hpp"

#include "tools/sim/books.hpp"
#include "tools/sim/draw.hpp"

#include <limits>

using namespace rota::sim;
using namespace std::chrono_literals;

TEST_CASE("decimals are read exactly", "[sim]") {
  CHECK(parse_decimal("25.00", 9) == 25 * nanos_per_usd);
  CHECK(parse_decimal("0.000000001", 9) == 1);
  CHECK(parse_decimal("-0.5", 9) == -nanos_per_usd / 2);
  CHECK(parse_decimal("+3", 0) == 3);
  CHECK(parse_decimal(".5", 1) == 5);
  CHECK(parse_decimal("0.10", 1) == 1);
  CHECK(parse_decimal("0.1", 9) == nanos_per_usd / 10);
  CHECK(parse_decimal("9223372036.854775807", 9)
        == std::numeric_limits<int64_t>::max());
}

TEST_CASE("what is no decimal of that many places is refused", "[sim]") {
  for (const auto text :
       {"", ".", "-", "1e3", "1,5", "1.2.3", " 1", "1 ", "0x1", "nan", "--1",
        "0.0000000001", "9223372036.854775808",
        "99999999999999999999999999999999999999999"})
    CHECK_FALSE(parse_decimal(text, 9));
  CHECK_FALSE(parse_decimal("0.5", 0));
}

TEST_CASE("money is shown with nine places or as few as needed", "[sim]") {
  CHECK(usd_text(0) == "0.000000000");
  CHECK(usd_text(-1) == "-0.000000001");
  CHECK(usd_text(std::numeric_limits<int64_t>::min())
        == "-9223372036.854775808");
  CHECK(usd_number(25 * nanos_per_usd) == "25");
  CHECK(usd_number(1'500'000'000) == "1.5");
  CHECK(usd_number(-2'000) == "-0.000002");
}

namespace {

struct price_case {
  tokens used;
  prices by;
  int64_t multiplier_ppm;
  nanos expected;
};

} // namespace

TEST_CASE("a call is charged once, rounded up over the whole", "[sim]") {
  // One dollar for a million tokens is a million picodollars for each.
  const prices mini{250'000, 2'000'000, 25'000, 250'000, 250'000};
  const prices sonnet{3'000'000, 15'000'000, 300'000, 3'750'000, 6'000'000};
  const prices tiny{1, 1, 1, 1, 1};
  const price_case cases[] = {
      {{0, 0, 0, 0, 0, 0}, mini, 1'000'000, 0},
      // 216 x 0.25 + 1024 x 0.025 + 318 x 2 = 54 + 25.6 + 636 micro-USD.
      {{216, 1'024, 0, 0, 318, 192}, mini, 1'000'000, 715'600},
      // 42 x 3 + 51200 x 0.3 + 1000 x 3.75 + 2000 x 6 + 512 x 15.
      {{42, 51'200, 1'000, 2'000, 512, 0}, sonnet, 1'000'000, 38'916'000},
      // The worked example of new-api's formula: 7000 quota x 1.2 = 8400 quota.
      {{1'000, 10'000, 2'000, 0, 500, 0}, sonnet, 800'000, 16'800'000},
      // A picodollar is a thousandth of what can be charged.
      {{1, 0, 0, 0, 0, 0}, tiny, 1'000'000, 1},
      {{1'000, 0, 0, 0, 0, 0}, tiny, 1'000'000, 1},
      {{1'001, 0, 0, 0, 0, 0}, tiny, 1'000'000, 2},
      // Rounded once, not by class: 600 + 600 pico are 1.2 nano, not 1 + 1.
      {{300, 300, 300, 300, 0, 0}, tiny, 1'000'000, 2},
      // One third of a nanodollar too much for a multiplier of 0.333333.
      {{3'000, 0, 0, 0, 0, 0}, tiny, 333'333, 1},
      {{3'000'000, 0, 0, 0, 0, 0}, tiny, 333'334, 1'001},
      {{1'000'000, 0, 0, 0, 0, 0}, mini, 0, 0},
      // A million dollars and more do not overflow.
      {{1'000'000'000'000, 0, 0, 0, 0, 0},
       sonnet,
       1'000'000,
       3'000'000 * nanos_per_usd},
  };
  for (const auto& x : cases)
    CHECK(charge_of(x.used, x.by, x.multiplier_ppm) == x.expected);
}

TEST_CASE("a reported balance is rounded down", "[sim]") {
  CHECK(floor_div(7, 2) == 3);
  CHECK(floor_div(-7, 2) == -4);
  CHECK(floor_div(-8, 2) == -4);
}

TEST_CASE("probes see a charge late, the books at once", "[sim]") {
  account_books x{100, 10s};
  x.charge(30, 1s);
  x.charge(20, 5s);
  CHECK(x.balance() == 50);
  CHECK(x.reported(10s) == 100);
  CHECK(x.reported(11s) == 70);
  x.top_up(5);
  CHECK(x.reported(11s) == 75);
  CHECK(x.reported(15s) == 55);
  CHECK(x.balance() == 55);
  CHECK(x.balance() == x.initial() + x.topped_up() - x.charged());
}

TEST_CASE("the log of calls keeps the last ones", "[sim]") {
  call_log x{3};
  for (int i = 1; i <= 5; ++i)
    x.add().status = i;
  CHECK(x.total() == 5);
  const auto last = x.last(100);
  REQUIRE(last.size() == 3);
  CHECK(last[0]->status == 3);
  CHECK(last[0]->number == 3);
  CHECK(last[2]->status == 5);
  CHECK(x.last(1).front()->status == 5);
}

TEST_CASE("executions are counted in bounded memory", "[sim]") {
  execution_counter x{2};
  for (const auto hash : {1u, 2u, 2u, 3u, 1u})
    x.count(hash);
  CHECK(x.all().at(1) == 2); // The second came when all places were taken.
  CHECK(x.all().at(2) == 2);
  CHECK(x.all().size() == 2);
  CHECK(x.uncounted() == 1);
}

TEST_CASE("a body's hash begins its SHA-256", "[sim]") {
  CHECK(hex(hash_of("abc")) == "ba7816bf8f01cfea");
  CHECK(hex(hash_of("")) == "e3b0c44298fc1c14");
}

TEST_CASE("draws depend on seed, subject and purpose", "[sim]") {
  CHECK(draw(1, 2, 3) == draw(1, 2, 3));
  CHECK(draw(1, 2, 3) != draw(2, 2, 3));
  CHECK(draw(1, 2, 3) != draw(1, 3, 3));
  CHECK(draw(1, 2, 3) != draw(1, 2, 4));
  int64_t sum = 0;
  for (uint64_t i = 0; i < 10'000; ++i) {
    const auto x = between(draw(7, i, 0), 10, 20);
    REQUIRE((x >= 10 && x <= 20));
    sum += x;
  }
  CHECK(sum > 149'000);
  CHECK(sum < 151'000);
}
