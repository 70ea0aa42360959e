#include "messages/ids.hpp"
#include "messages/money.hpp"
#include "messages/money_sum.hpp"
#include "messages/printable.hpp"
#include "messages/time.hpp"

#include "tests/support/catch.hpp"

#include <random>

using namespace rota;

TEST_CASE("money reads plain decimals exactly", "[money]") {
  const auto nanos = [](std::string_view text) {
    const auto x = parse_money(text);
    return x ? std::optional{x->nanos} : std::nullopt;
  };
  CHECK(nanos("25") == 25'000'000'000);
  CHECK(nanos("25.00") == 25'000'000'000);
  CHECK(nanos("-1.5") == -1'500'000'000);
  CHECK(nanos("0.000000001") == 1);
  CHECK(nanos("9223372036.854775807") == INT64_MAX);
  for (const auto* bad :
       {"", "-", ".", ".5", "5.", "1e3", "0.0000000001", "1,5", "+1", " 1",
        "1 ", "--1", "1.2.3", "9223372036.854775808", "99999999999", "0x1",
        "1-", "NaN"})
    CHECK_FALSE(nanos(bad));
}

TEST_CASE("money writes what it reads", "[money]") {
  CHECK(to_string(money{}) == "0.00");
  CHECK(to_string(money{25'000'000'000}) == "25.00");
  CHECK(to_string(money{-715'600}) == "-0.0007156");
  CHECK(to_decimal(money{1}) == "0.000000001");
  CHECK(to_decimal(money{INT64_MIN}) == "-9223372036.854775808");
  std::mt19937_64 draw{1};
  for (int i = 0; i < 100'000; ++i) {
    const money x{static_cast<int64_t>(draw() >> (draw() % 60))
                  * (draw() % 2 == 0 ? 1 : -1)};
    REQUIRE(parse_money(to_string(x)) == x);
    REQUIRE(parse_money(to_decimal(x)) == x);
  }
}

TEST_CASE("a sum of amounts may exceed any amount", "[money]") {
  const money most{INT64_MAX};
  const money least{INT64_MIN};
  money_sum sum;
  for (int i = 0; i < 3; ++i)
    sum += most;
  CHECK(to_decimal(sum) == "27670116110.564327421");
  CHECK(sum.nearest() == most);
  CHECK(sum > most);
  CHECK((sum - most - most).nearest() == most);
  CHECK(to_decimal(money_sum{} - sum) == "-27670116110.564327421");
  CHECK((money_sum{} - sum).nearest() == least);
  CHECK(to_decimal(money_sum{least}) == to_decimal(least));
  CHECK(to_decimal(money_sum{}) == "0.000000000");
  CHECK(saturated_sum(most, money{1}) == most);
  CHECK(saturated_sum(least, money{-1}) == least);
  CHECK(saturated_sum(money{2}, money{-3}) == money{-1});
}

TEST_CASE("factors read and write decimals", "[money]") {
  CHECK(parse_factor("0.8") == factor{800'000});
  CHECK(parse_factor("1") == factor{1'000'000});
  CHECK_FALSE(parse_factor("-1"));
  CHECK_FALSE(parse_factor("0.0000001"));
  CHECK(to_string(factor{800'000}) == "0.8");
  CHECK(to_string(factor{1'000'000}) == "1.0");
  CHECK(to_string(factor{1}) == "0.000001");
}

TEST_CASE("times are RFC 3339", "[time]") {
  CHECK(to_string(timestamp{}) == "");
  CHECK(to_string(timestamp{1'795'435'200'123})
        == "2026-11-23T12:00:00.123Z");
}

TEST_CASE("batch ids read with and without their prefix", "[ids]") {
  CHECK(parse_batch_id("batch_17") == batch_id{17});
  CHECK(parse_batch_id("17") == batch_id{17});
  for (const auto* bad : {"", "batch_", "0", "batch_0", "x", "1x", "-1"})
    CHECK_FALSE(parse_batch_id(bad));
  CHECK(to_string(hold_id{{{17}, 42}, (3 << 8) + 1}) == "batch_17:42#3.1");
}

TEST_CASE("what others wrote cannot steer the terminal", "[values]") {
  CHECK(printable("a\x1b[2Jb\r\n\tc\x7f") == "a [2Jb   c ");
  CHECK(printable("\xc2\x9b"
                  "31m \xc2\xa3 ö")
        == "  31m \xc2\xa3 ö");
}
