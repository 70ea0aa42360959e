#include "runtime/running_batches.hpp"

#include "tests/actors/pool_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

TEST_CASE("a batch is known for as long as its actor lives", "[batch]") {
  deterministic_system on;
  const auto owned = std::make_shared<owner_log>();
  const auto spawn = [&] { return on.sys.spawn(fake_owner, owned); };
  const auto all = std::make_shared<running_batches>();
  const auto first = spawn();
  const auto second = spawn();
  all->add({1}, first);
  all->add({2}, second);
  CHECK(all->find({1}) == first);
  CHECK(all->all().size() == 2);
  CHECK(!all->find({3}));
  SECTION("it ends") {
    on.end(first);
    CHECK(!all->find({1}));
    CHECK(all->all() == std::vector{second});
  }
  SECTION("it had ended before") {
    const auto third = spawn();
    on.end(third);
    all->add({3}, third);
    CHECK(!all->find({3}));
    CHECK(all->all().size() == 2);
  }
  on.end(first, second);
  CHECK(all->all().empty());
}
