#include "actors/domain/ended_holds.hpp"

#include "tests/support/catch.hpp"

#include <set>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr timestamp start{1'000'000};

hold_id id(uint64_t n) {
  return {{batch_id{1}, n}, 257};
}

} // namespace

TEST_CASE("the memory of endings finds what it holds and nothing else",
          "[ledger]") {
  ended_holds memory{64, 1h};
  for (uint64_t n = 0; n < 10'000; ++n) {
    memory.add(id(n), {money{static_cast<int64_t>(n)}, entry_kind::settle},
               start);
    const auto sure = n < 64 ? 0 : n - 64;
    for (auto k = sure; k <= n; ++k) {
      const auto found = memory.find(id(k));
      REQUIRE(found);
      REQUIRE(found->charged == money{static_cast<int64_t>(k)});
    }
    if (n >= 128)
      REQUIRE_FALSE(memory.contains(id(n - 128)));
    REQUIRE_FALSE(memory.contains(id(n + 1)));
    REQUIRE(memory.size() <= 128);
  }
}

TEST_CASE("the memory of endings knows ids in whatever order they end",
          "[ledger]") {
  ended_holds memory{2'000, 1h};
  std::set<uint64_t> model;
  for (uint64_t n = 0; n < 2'000; ++n) {
    const auto k = n * 7'919 % 4'001; // Each once, up and down.
    REQUIRE(memory.contains(id(k)) == model.contains(k));
    memory.add(id(k), {}, start);
    model.insert(k);
    const auto other = n * 6'007 % 4'001;
    REQUIRE(memory.contains(id(other)) == model.contains(other));
    REQUIRE((memory.find(id(other)) != nullptr) == model.contains(other));
  }
}

TEST_CASE("endings of an idle account are forgotten by time", "[ledger]") {
  ended_holds memory{64, 1h};
  memory.add(id(1), {money{}, entry_kind::expire}, start);
  memory.add(id(2), {money{}, entry_kind::expire}, start + 59min);
  CHECK(memory.contains(id(1)));
  memory.add(id(3), {money{}, entry_kind::expire}, start + 60min);
  CHECK(memory.contains(id(1)));
  memory.add(id(4), {money{}, entry_kind::expire}, start + 120min);
  CHECK_FALSE(memory.contains(id(1)));
  CHECK_FALSE(memory.contains(id(2)));
  CHECK(memory.contains(id(3)));
  CHECK(memory.contains(id(4)));
}
