#include "actors/domain/batch_budget.hpp"

#include "actors/domain/pricing.hpp"
#include "messages/money_sum.hpp"

#include <algorithm>

namespace rota {

namespace {

void add(money& sum, money x) {
  sum = saturated_sum(sum, x);
}

/// Pays for a share.
/// @returns Whether there was enough.
bool pay(const batch_share& x, std::vector<purse>& purses) {
  auto owed = x.list_cost;
  for (const auto i : x.purses) {
    auto& from = purses[i];
    const auto part = std::min(owed, unscale_down(from.left, from.multiplier));
    owed -= part;
    from.left -= scale_up(part, from.multiplier);
  }
  return owed <= money{};
}

} // namespace

batch_budget budget_of(std::vector<purse> purses,
                       std::vector<batch_share> shares) {
  batch_budget result;
  std::vector<size_t> uses(purses.size());
  for (auto& x : purses)
    x.left = std::max(x.left, money{});
  for (const auto& x : shares) {
    auto dearest = x.purses.empty() ? factor{} : factor{0};
    for (const auto i : x.purses) {
      if (uses[i]++ == 0) {
        ++result.accounts;
        add(result.available, purses[i].left);
      }
      dearest = std::max(dearest, purses[i].multiplier);
    }
    add(result.cost_max, scale_up(x.list_cost, dearest));
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const auto& x, const auto& y) {
                     return x.purses.size() < y.purses.size();
                   });
  result.fits = true;
  for (auto& x : shares) {
    std::stable_sort(x.purses.begin(), x.purses.end(),
                     [&uses](size_t i, size_t j) { return uses[i] < uses[j]; });
    result.fits = pay(x, purses) && result.fits;
  }
  return result;
}

} // namespace rota
