// Which account keeps which response survives, with one writer.

#include "runtime/storage/codec.hpp"
#include "tests/runtime/store_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

response_pin pin(const std::string& id, uint32_t account, int64_t at = 5) {
  return {id, {account}, {6}, timestamp{at}};
}

commit_ptr keeping(std::optional<response_pin> x,
                   std::vector<std::string> gone = {}) {
  auto result = std::make_shared<commit>();
  result->pin = std::move(x);
  result->unpinned = std::move(gone);
  return result;
}

std::vector<response_pin> sorted(std::vector<response_pin> x) {
  std::sort(x.begin(), x.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  return x;
}

} // namespace

TEST_CASE("keepers of responses survive", "[storage]") {
  store_fixture fix;
  CHECK(fix.disk->response_pins().empty());
  const std::string odd = "resp/\xff \n\"";
  REQUIRE(fix.disk->write({keeping(pin("a", 1)), keeping(pin("b", 2)),
                           keeping(pin(odd, 3))})
          == "");
  REQUIRE(fix.disk->write({keeping(pin("c", 3), {"a", "unheard-of"})}) == "");
  // Of one group the last word counts.
  REQUIRE(fix.disk->write({keeping(pin("d", 4)), keeping({}, {"d"}),
                           keeping(pin("e", 5))})
          == "");
  const auto expected
    = sorted({pin("b", 2), pin("c", 3), pin("e", 5), pin(odd, 3)});
  CHECK(sorted(fix.disk->response_pins()) == expected);
  REQUIRE(fix.open() == "");
  CHECK(sorted(fix.disk->response_pins()) == expected);
  // They are no accounts, clients or anything else.
  CHECK(fix.disk->heads().empty());
  CHECK(fix.disk->clients().empty());
  CHECK(fix.failures.empty());
}
