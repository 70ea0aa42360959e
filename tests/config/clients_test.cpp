// Clients of the API: what the file says of them, and what is wrong with it.

#include "config/reload.hpp"
#include "config/secrets.hpp"
#include "tests/config/parsing.hpp"

#include <cstdlib>

using namespace rota;

namespace {

const std::string hash_a = "sha256:" + std::string(64, 'a');
const std::string hash_b = "sha256:" + std::string(64, 'b');

/// A good file with one client, whose options but its name stand in braces.
std::string client_with(const std::string& more) {
  return after_account("clients:\n  - {name: alice, " + more + "}");
}

} // namespace

TEST_CASE("clients load as written", "[clients]") {
  const auto x = parse_good(client_with(
    "tokens: [" + hash_a + ", env:ALICE_TOKEN], models: [gpt-5-mini],"
    " tags: [cheap], max_in_flight: 4, requests_per_minute: 60,"
    " tokens_per_minute: 10000, cap: {day: 0.50, month: 5},"
    " show_account: true"));
  REQUIRE(x.clients.size() == 1);
  const auto& alice = x.clients[0];
  CHECK(alice.name == "alice");
  CHECK(alice.tokens == std::vector<std::string>{hash_a, "env:ALICE_TOKEN"});
  CHECK(alice.models == std::vector<std::string>{"gpt-5-mini"});
  CHECK(alice.tags == std::vector<std::string>{"cheap"});
  CHECK(alice.max_in_flight == 4);
  CHECK(alice.requests_per_minute == 60);
  CHECK(alice.tokens_per_minute == 10'000);
  CHECK(alice.cap.day == money{500'000'000});
  CHECK(alice.cap.month == money{5'000'000'000});
  CHECK(alice.show_account);
}

TEST_CASE("faults of clients are named", "[clients]") {
  const std::string alice = "clients[alice]";
  const auto at = [](const std::string& more, const std::string& key,
                     const std::string& wrong, const std::string& right) {
    check_bad({client_with(more), 7, key, wrong, right});
  };
  at("models: []", alice + ".tokens", "is missing", "[sha256:HASH]");
  at("tokens: []", alice + ".tokens", "is empty", "rota token");
  at("tokens: [sha256:abc]", alice + ".tokens", "no token's hash",
     "64 hexadecimal");
  at("tokens: [" + hash_a + ", " + hash_a + "]", alice + ".tokens", "twice",
     "remove one");
  at("tokens: [" + hash_a + "], cap: {day: 2, month: 1}",
     alice + ".cap.month", "below cap.day", "at least");
  at("tokens: [" + hash_a + "], cap: {day: -1}", alice + ".cap.day", "",
     "USD");
  at("tokens: [" + hash_a + "], rpm: 3", alice + ".rpm", "not known", "tokens");
  check_bad({after_account("clients: []"), 6, "clients", "empty",
             "at least one client"});
  check_bad({after_account("clients: alice"), 6, "clients", "no list",
             "for each client"});
  check_bad({after_account("clients:\n  - {name: a, tokens: [" + hash_a
                           + "]}\n  - {name: a, tokens: [" + hash_b + "]}"),
             8, "clients[a].name", "also the name of the client on line 7",
             "its own"});
  check_bad({after_account("clients:\n  - {name: a, tokens: [" + hash_a
                           + "]}\n  - {name: b, tokens: [" + hash_a + "]}"),
             6, "clients", "a token of b is also one of a", "its own"});
}

TEST_CASE("a token that is written out is not repeated", "[clients]") {
  const auto faults
    = parse_options(client_with("tokens: [rota-canary-0123456789abcdef]"), "f")
        .faults;
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].find("canary") == std::string::npos);
}

TEST_CASE("only a pool with clients listens to other machines", "[clients]") {
  const auto listen = GENERATE(as<std::string>{}, "0.0.0.0:8787",
                               "192.168.1.7:8787", "\"[::]:8787\"");
  check_bad({after_account("listen: " + listen), 6, "listen",
             "for there are no clients", "configure clients"});
  const auto x = parse_good(client_with("tokens: [" + hash_a + "]")
                            + "listen: " + listen + '\n');
  CHECK(!x.listen.empty());
}

TEST_CASE("tokens in the environment are looked at", "[clients]") {
  const auto faults = [] {
    auto x = parse_good(client_with("tokens: [env:ROTA_TEST_TOKEN]"));
    x.accounts.clear();
    return check_secrets(x);
  };
  ::unsetenv("ROTA_TEST_TOKEN");
  REQUIRE(faults().size() == 1);
  CHECK_THAT(faults()[0], StartsWith("clients[alice].tokens: "));
  ::setenv("ROTA_TEST_TOKEN", "guessable", 1);
  REQUIRE(faults().size() == 1);
  CHECK_THAT(faults()[0], ContainsSubstring("shorter than 20"));
  CHECK(faults()[0].find("guessable") == std::string::npos);
  ::setenv("ROTA_TEST_TOKEN", "rota-0123456789abcdef0123", 1);
  CHECK(faults().empty());
  ::unsetenv("ROTA_TEST_TOKEN");
}

TEST_CASE("a change of a client is a change", "[clients]") {
  const auto before = parse_good(client_with("tokens: [" + hash_a + "]"));
  CHECK(diff_options(before, before).empty());
  const auto differs = [&before](const auto& change) {
    auto after = before;
    change(after.clients);
    return diff_options(before, after).clients
           && !diff_options(before, after).empty();
  };
  CHECK(differs([](auto& x) { x[0].tokens = {hash_b}; }));
  CHECK(differs([](auto& x) { x[0].cap.day = money{1}; }));
  CHECK(differs([](auto& x) { x.push_back(x[0]); }));
  CHECK(differs([](auto& x) { x.clear(); }));
}
