// Records of requests, listed and explained.

#include "tests/cli/cli_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

TEST_CASE("requests in a table and as JSON", "[cli]") {
  cli_fixture on;
  on.daemon.on("GET /admin/v1/requests", golden_reply("requests.json"));
  const auto x = on.rota({"requests"});
  CHECK(x.code == 0);
  const std::vector<std::string> wanted{
    "REQUEST   WHEN            CLIENT  MODEL       ACCOUNT  OUTCOME           "
    "  TRIES  FIRST BYTE    TOTAL   IN  OUT     COST\n",
    "req_3_18  1 h 0 min ago   alice   gpt-5-mini           refused: not_ready "
    "     0        0 ms     1 ms    0    0     0.00\n",
    "req_3_17  1 h 30 min ago  alice   gpt-5-mini  b        succeeded          "
    "     2      210 ms  1234 ms  200   50  0.00015\n",
  };
  CHECK(x.out == wanted[0] + wanted[1] + wanted[2]);
  CHECK(json::parse(on.rota({"requests", "--json"}).out).size() == 2);
  CHECK(on.daemon.seen().back().query == "limit=20");
}

TEST_CASE("what is wanted of the requests is passed on", "[cli]") {
  cli_fixture on;
  on.daemon.on("GET /admin/v1/requests", "[]");
  const auto x = on.rota({"requests", "--client", "a b", "--model", "m&n",
                          "--account", "north", "--since",
                          "2026-11-23T12:00:00Z", "--limit", "5", "--failed"});
  CHECK(x.code == 0);
  CHECK(x.out == "There are no such requests.\n");
  CHECK(on.daemon.seen().back().query
        == "limit=5&client=a%20b&model=m%26n&account=north"
           "&since_ms=1795435200000&failed=1");
}

TEST_CASE("wishes that make no sense are faults of usage", "[cli]") {
  const auto bad = GENERATE(
    std::vector<std::string>{"--since", "soon"},
    std::vector<std::string>{"--since", "5"},
    std::vector<std::string>{"--since", "-5m"},
    std::vector<std::string>{"--since", "99999999999999999999d"},
    std::vector<std::string>{"--limit", "0"},
    std::vector<std::string>{"--limit", "10001"});
  cli_fixture on;
  CHECK(on.rota({"requests", bad[0], bad[1]}).code == 2);
  CHECK(on.daemon.seen().empty());
}

TEST_CASE("a request is explained pick by pick", "[cli]") {
  cli_fixture on;
  on.daemon.on("GET /admin/v1/requests/req_3_17",
               golden_reply("request.json"));
  const auto x = on.rota({"explain", "req_3_17"});
  CHECK(x.code == 0);
  CHECK_THAT(x.out, StartsWith("request "));
  for (const auto* part :
       {"succeeded", "openai_chat, streamed", "alice", "mine",
        "200 in, 50 out, 128 of the input cached",
        "Pick 1 of 3 accounts, by most_balance, for 0.001 USD at list price:"
        " a\n",
        "it does not serve this model",
        "Attempt: upstream_error (status 500), status 500, 9 ms to the first"
        " byte, 10 ms in all; held 0.001 USD, in doubt\n",
        "after waiting 12 ms: b\n",
        "  1 account more: it has as many requests or tokens as it may\n",
        "Attempt: succeeded, status 200, 200 ms to the first byte, 1200 ms in"
        " all; held 0.0011 USD, cost 0.00015 USD\n",
        "none, for every account was tried\n"})
    CHECK_THAT(x.out, ContainsSubstring(part));
  CHECK(json::parse(on.rota({"explain", "req_3_17", "--json"}).out)["picks"]
          .size()
        == 3);
}

TEST_CASE("a request that is not known is said in one sentence", "[cli]") {
  cli_fixture on;
  on.daemon.on("GET /admin/v1/requests/req_9_9",
               R"({"error":{"code":"not_found","message":"There is none."}})",
               404);
  const auto x = on.rota({"explain", "req_9_9"});
  CHECK(x.code == 1);
  CHECK(x.err == "rota: There is none.\n");
  CHECK(on.rota({"explain"}).code == 2);
}
