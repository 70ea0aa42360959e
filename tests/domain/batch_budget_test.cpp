#include "actors/domain/batch_budget.hpp"

#include "tests/support/catch.hpp"

#include <limits>

using namespace rota;

namespace {

constexpr money usd(int64_t x) {
  return money{x * 1'000'000'000};
}

constexpr factor half{500'000};

} // namespace

TEST_CASE("only accounts that can serve a part count") {
  const auto x = budget_of({{usd(5), {}}, {usd(100), {}}, {usd(-3), {}}},
                           {{usd(4), {0, 2}}});
  CHECK(x.accounts == 2);
  CHECK(x.available == usd(5)); // Who is below the floor has nothing.
  CHECK(x.cost_max == usd(4));
  CHECK(x.fits);
  CHECK_FALSE(budget_of({{usd(5), {}}}, {{usd(4), {}}}).fits);
  CHECK(budget_of({{usd(5), {}}}, {{usd(4), {}}}).cost_max == usd(4));
}

TEST_CASE("an account's multiplier makes its money go further, or less far") {
  CHECK(budget_of({{usd(5), half}}, {{usd(10), {0}}}).fits);
  CHECK_FALSE(budget_of({{usd(5), half}}, {{usd(11), {0}}}).fits);
  CHECK_FALSE(budget_of({{usd(5), factor{2'000'000}}}, {{usd(3), {0}}}).fits);
  const auto x = budget_of({{usd(1), half}, {usd(8), {}}}, {{usd(9), {0, 1}}});
  CHECK(x.cost_max == usd(9)); // At the dearer one.
  CHECK(x.available == usd(9));
  CHECK(x.fits);
  CHECK(budget_of({{usd(1), factor{0}}}, {{usd(9), {0}}}).fits); // For free.
}

TEST_CASE("the same money does not pay for two parts") {
  CHECK_FALSE(budget_of({{usd(5), {}}}, {{usd(3), {0}}, {usd(3), {0}}}).fits);
  // The second part only has account 0, which the first must leave to it.
  CHECK(budget_of({{usd(5), {}}, {usd(5), {}}}, {{usd(5), {0, 1}},
                                                 {usd(5), {0}}})
          .fits);
  // Three accounts, of which 1 alone serves both.
  CHECK(budget_of({{usd(2), {}}, {usd(4), {}}, {usd(2), {}}},
                  {{usd(4), {0, 1}}, {usd(4), {1, 2}}})
          .fits);
}

TEST_CASE("absurd sums stop at the top") {
  const money most{std::numeric_limits<int64_t>::max()};
  std::vector<batch_share> shares(20, {most, {0}});
  const auto x = budget_of({{most, {}}}, shares);
  CHECK(x.cost_max == most);
  CHECK_FALSE(x.fits);
}
