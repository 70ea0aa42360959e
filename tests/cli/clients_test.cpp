#include "runtime/storage/digest.hpp"
#include "tests/cli/cli_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

const std::string both = R"(
CLIENT  TOKENS         TODAY     THIS MONTH      HELD    SPENT  )"
                         R"(IN FLIGHT  CALLS  REFUSED  LAST USED
alice        2  1.25 of 5.00           7.00  0.000123  12.3456  )"
                         R"(        3   1200        4  1 h 30 min ago
bob          1          0.00  0.00 of 50.00      0.00     0.00  )"
                         R"(        0      0        0  -
)";

} // namespace

TEST_CASE("clients in a table and as JSON", "[cli]") {
  cli_fixture on;
  on.daemon.on("GET /admin/v1/clients", golden_reply("clients.json"));
  const auto x = on.rota({"clients"});
  CHECK(x.code == 0);
  CHECK('\n' + x.out == both);
  CHECK(json::parse(on.rota({"clients", "--json"}).out).size() == 2);
}

TEST_CASE("without clients the way to one is said", "[cli]") {
  cli_fixture on;
  on.daemon.on("GET /admin/v1/clients", "[]");
  const auto x = on.rota({"clients"});
  CHECK(x.code == 0);
  CHECK_THAT(x.out, ContainsSubstring("open to this machine"));
  CHECK_THAT(x.out, ContainsSubstring("rota token"));
}

TEST_CASE("a token is made without a daemon", "[cli]") {
  cli_fixture on;
  const auto x = json::parse(on.rota({"token", "--json"}).out);
  const std::string token = x["token"];
  CHECK(token.size() == 8 + 64);
  CHECK_THAT(token, StartsWith("sk-rota-"));
  CHECK(x["hash"] == "sha256:" + to_hex(sha256_of_text(token)));
  const auto y = on.rota({"token"});
  CHECK(y.code == 0);
  CHECK(y.out.find(token) == std::string::npos);
  CHECK_THAT(y.out, ContainsSubstring("    tokens: [sha256:"));
  CHECK(on.daemon.seen().empty());
}
