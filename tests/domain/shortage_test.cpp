#include "actors/domain/shortage.hpp"

#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr timestamp start{1'000'000};

} // namespace

TEST_CASE("the least that was refused is the bar", "[shortage]") {
  struct refusal {
    int64_t held;
    std::optional<money> needed;
    int64_t bar;
  };
  const refusal rows[] = {
    {500, money{400}, 400},  // Less than was held.
    {600, money{900}, 400},  // A larger one changes nothing.
    {300, money{900}, 300},  // It needs more than was held.
    {200, std::nullopt, 200}, // It did not say.
    {0, money{5}, 0},
  };
  shortage it;
  CHECK_FALSE(it.bar(start));
  CHECK(it.until(start) == timestamp{});
  for (const auto& x : rows) {
    it.refused(money{x.held}, x.needed, start);
    CHECK(it.bar(start) == money{x.bar});
  }
}

TEST_CASE("a shortage ends", "[shortage]") {
  shortage it;
  it.refused(money{500}, {}, start);
  SECTION("by time, ten minutes behind the last refusal") {
    it.refused(money{700}, {}, start + 5min);
    CHECK(it.until(start + 5min) == start + 15min);
    CHECK(it.bar(start + 15min - 1ms) == money{500});
    CHECK_FALSE(it.bar(start + 15min));
    CHECK(it.until(start + 15min) == timestamp{});
    it.refused(money{700}, {}, start + 15min);
    CHECK(it.bar(start + 15min) == money{700}); // The first is forgotten.
  }
  SECTION("by more money") {
    it.clear();
    CHECK_FALSE(it.bar(start));
    it.refused(money{700}, {}, start);
    CHECK(it.bar(start) == money{700});
  }
}
