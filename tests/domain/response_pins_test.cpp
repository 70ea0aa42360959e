// Which account keeps which response: bounded and expiring.

#include "actors/domain/response_pins.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

constexpr milliseconds ttl{1'000};

timestamp at(int64_t ms) {
  return timestamp{ms};
}

response_pin pin(const std::string& id, uint32_t account, uint32_t client,
                 int64_t ms) {
  return {id, account_id{account}, client_id{client}, at(ms)};
}

using ids = std::vector<std::string>;

} // namespace

TEST_CASE("a response is its client's own", "[pins]") {
  response_pins x;
  CHECK(x.restore({}, ttl, 10, at(0)).empty());
  CHECK(x.bind(pin("r", 3, 1, 100), at(100)).empty());
  CHECK(x.find("r", client_id{1}, at(200)) == account_id{3});
  CHECK_FALSE(x.find("r", client_id{2}, at(200)));
  CHECK_FALSE(x.find("r", client_id{}, at(200)));
  CHECK_FALSE(x.find("s", client_id{1}, at(200)));
  // Whoever comes second cannot take it over.
  CHECK(x.bind(pin("r", 4, 2, 300), at(300)).empty());
  CHECK(x.find("r", client_id{1}, at(300)) == account_id{3});
  CHECK_FALSE(x.find("r", client_id{2}, at(300)));
  x.forget("r");
  x.forget("r");
  CHECK(x.size() == 0);
  CHECK(x.is_new("r"));
}

TEST_CASE("responses are forgotten in time", "[pins]") {
  response_pins x;
  std::ignore = x.restore({}, ttl, 10, at(0));
  std::ignore = x.bind(pin("r", 3, 1, 100), at(100));
  CHECK(x.find("r", client_id{1}, at(1'099)));
  CHECK_FALSE(x.find("r", client_id{1}, at(1'100)));
  CHECK(x.bind(pin("s", 3, 1, 1'100), at(1'100)) == ids{"r"});
  CHECK(x.size() == 1);
}

TEST_CASE("the oldest go when there are too many", "[pins]") {
  response_pins x;
  std::ignore = x.restore({}, ttl, 2, at(0));
  std::ignore = x.bind(pin("a", 1, 1, 1), at(1));
  std::ignore = x.bind(pin("b", 1, 1, 2), at(2));
  CHECK(x.bind(pin("c", 1, 1, 3), at(3)) == ids{"a"});
  CHECK(x.find("b", client_id{1}, at(3)));
  response_pins none;
  std::ignore = none.restore({}, ttl, 0, at(0));
  CHECK(none.bind(pin("a", 1, 1, 1), at(1)) == ids{"a"});
  CHECK(none.is_new("a"));
  CHECK(none.bind(pin(std::string(513, 'x'), 1, 1, 1), at(1)).empty());
  CHECK(none.bind(pin("", 1, 1, 1), at(1)).empty());
}

TEST_CASE("what was stored comes back in the order of its making", "[pins]") {
  response_pins x;
  const auto gone = x.restore({pin("b", 2, 1, 20), pin("old", 1, 1, -2'000),
                               pin("c", 3, 1, 30), pin("a", 1, 1, 10)},
                              ttl, 2, at(40));
  CHECK(gone == ids{"old", "a"});
  CHECK(x.find("b", client_id{1}, at(40)) == account_id{2});
  CHECK(x.bind(pin("d", 1, 1, 40), at(40)) == ids{"b"});
}
