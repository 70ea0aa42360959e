#include "actors/domain/ordered_index.hpp"

#include "tests/support/catch.hpp"

#include <map>
#include <random>

using namespace rota;

namespace {

/// The index beside a map that is searched from the start.
struct pair_of_indexes {
  void insert(const rank_key& key, money headroom) {
    if (plain.emplace(key, headroom).second)
      index.insert(key, headroom);
  }

  void erase(const rank_key& key) {
    if (plain.erase(key) > 0)
      index.erase(key);
  }

  const rank_key* search(std::map<rank_key, money>::const_iterator from,
                         money least) const {
    for (; from != plain.end(); ++from)
      if (from->second >= least)
        return &from->first;
    return nullptr;
  }

  static bool same(const rank_key* x, const rank_key* y) {
    return x != nullptr && y != nullptr ? *x == *y : x == y;
  }

  bool agrees(const rank_key& key, money least) const {
    return index.empty() == plain.empty()
           && same(index.first(least), search(plain.begin(), least))
           && same(index.next(key, least),
                   search(plain.upper_bound(key), least));
  }

  ordered_index index;
  std::map<rank_key, money> plain;
};

rank_key key_at(uint64_t place) {
  return {uint128{place / 7} << 64, static_cast<int64_t>(place % 7) - 3,
          {static_cast<uint32_t>(place % 11)}};
}

} // namespace

TEST_CASE("the index of accounts finds what a plain search finds") {
  std::mt19937_64 dice{20'261'127};
  pair_of_indexes x;
  size_t wrong = 0;
  size_t most = 0;
  // It grows to four levels, shrinks to nothing, and does so again.
  for (auto step = 0; step < 400'000; ++step) {
    const auto grows = step / 50'000 % 2 == 0;
    const auto key = key_at(dice() % 40'000);
    if (dice() % 16 < (grows ? 14u : 1u))
      x.insert(key, {static_cast<int64_t>(dice() % 1'000)});
    else if (const auto i = x.plain.lower_bound(key); i != x.plain.end())
      x.erase(rank_key{i->first});
    most = std::max(most, x.plain.size());
    if (step % 16 == 0)
      wrong += !x.agrees(key_at(dice() % 40'000),
                         {static_cast<int64_t>(dice() % 1'010)});
  }
  CHECK(wrong == 0);
  CHECK(most > 20'000);
}

TEST_CASE("the index of accounts takes keys in runs") {
  // Up and down, at the ends and within one gap; then it loses them in turn.
  const auto down = GENERATE(false, true);
  const auto first_out = GENERATE(false, true);
  pair_of_indexes x;
  for (uint64_t i = 0; i < 100; ++i)
    x.insert(key_at(i * 1'000), {1});
  for (const uint64_t gap : {0u, 50u, 99u})
    for (uint64_t i = 1; i < 900; ++i)
      x.insert(key_at(gap * 1'000 + (down ? 900 - i : i)),
               {static_cast<int64_t>(i % 50)});
  size_t wrong = 0;
  while (!x.plain.empty()) {
    const rank_key out = first_out ? x.plain.begin()->first
                                   : std::prev(x.plain.end())->first;
    x.erase(out);
    for (const auto least : {1, 49, 50})
      if (x.plain.size() % 8 < 2)
        wrong += !x.agrees(key_at(50'500), {least});
  }
  CHECK(wrong == 0);
}
