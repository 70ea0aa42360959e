// Whose token it is.

#include "runtime/api/client_list.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>

using namespace rota;

namespace {

std::string hash_of(const std::string& x) {
  return "sha256:" + to_hex(sha256_of_text(x));
}

options with(std::vector<std::vector<std::string>> tokens) {
  options result;
  for (auto& x : tokens) {
    client_options client;
    client.name = "client-" + std::to_string(result.clients.size());
    client.tokens = std::move(x);
    result.clients.push_back(std::move(client));
  }
  return result;
}

} // namespace

TEST_CASE("digests are those of the standard", "[clients]") {
  const auto x = sha256_of_text("abc");
  CHECK(to_hex(x) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61"
                     "f20015ad");
  CHECK(sha256_from_hex(to_hex(x)) == x);
  CHECK(same_digest(x, *sha256_from_hex(to_hex(x))));
  CHECK_FALSE(same_digest(x, sha256_of_text("abd")));
  CHECK_FALSE(sha256_from_hex("ba78"));
  CHECK_FALSE(sha256_from_hex(std::string(64, 'g')));
  CHECK_FALSE(sha256_from_hex(std::string(64, '-')));
}

TEST_CASE("a token finds its client", "[clients]") {
  ::setenv("ROTA_TEST_TOKEN", "from-the-environment-0123", 1);
  std::vector<std::vector<std::string>> all;
  for (int i = 0; i < 200; ++i)
    all.push_back({hash_of("a" + std::to_string(i)),
                   hash_of("b" + std::to_string(i))});
  all[77].push_back("env:ROTA_TEST_TOKEN");
  const auto found = client_list::load(with(all));
  REQUIRE(found.list);
  const auto name_of = [&](const std::string& token) {
    const auto* x = found.list->find(token);
    return x != nullptr ? x->options.name : std::string{};
  };
  for (int i = 0; i < 200; ++i) {
    CHECK(name_of("a" + std::to_string(i)) == "client-" + std::to_string(i));
    CHECK(name_of("b" + std::to_string(i)) == "client-" + std::to_string(i));
  }
  CHECK(name_of("from-the-environment-0123") == "client-77");
  CHECK(name_of("a200").empty());
  CHECK(name_of("").empty());
  CHECK(name_of(hash_of("a1")).empty()); // Its hash is no token.
  ::unsetenv("ROTA_TEST_TOKEN");
}

TEST_CASE("a token behind a reference may become another", "[clients]") {
  const std::vector<std::vector<std::string>> tokens{{"env:ROTA_TEST_TOKEN"},
                                                     {hash_of("b")}};
  ::setenv("ROTA_TEST_TOKEN", "first-0123456789abcdef", 1);
  const auto before = client_list::load(with(tokens)).list;
  CHECK(client_list::load(with(tokens)).list->renewed_since(*before).empty());
  ::setenv("ROTA_TEST_TOKEN", "second-0123456789abcdef", 1);
  const auto after = client_list::load(with(tokens)).list;
  CHECK(after->renewed_since(*before) == std::vector<std::string>{"client-0"});
  // Other references are another matter: the options differ.
  CHECK(client_list::load(with({{hash_of("c")}, {hash_of("b")}}))
          .list->renewed_since(*before)
          .empty());
}

TEST_CASE("tokens that cannot be used are faults", "[clients]") {
  ::setenv("ROTA_TEST_TOKEN", "from-the-environment-0123", 1);
  auto x = client_list::load(
    with({{hash_of("from-the-environment-0123")}, {"env:ROTA_TEST_TOKEN"}}));
  CHECK(!x.list);
  REQUIRE(x.faults.size() == 1);
  CHECK_THAT(x.faults[0], ContainsSubstring("also a token of client-0"));
  ::unsetenv("ROTA_TEST_TOKEN");
  x = client_list::load(with({{"env:ROTA_TEST_TOKEN"}}));
  REQUIRE(x.faults.size() == 1);
  CHECK_THAT(x.faults[0], ContainsSubstring("is not set"));
}

TEST_CASE("a listener for other machines is never opened", "[clients]") {
  const auto none = client_list::load(options{}).list;
  const auto some = client_list::load(with({{hash_of("a")}})).list;
  CHECK(none->is_open());
  CHECK(!some->is_open());
  for (const auto* address : {"127.0.0.1:1", "[::1]:1", "localhost:1"}) {
    CHECK(fault_of_opening(*none, address).empty());
    CHECK(fault_of_opening(*some, address).empty());
  }
  for (const auto* address : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1"}) {
    CHECK_THAT(fault_of_opening(*none, address),
               ContainsSubstring("open to other machines"));
    CHECK(fault_of_opening(*some, address).empty());
  }
}
