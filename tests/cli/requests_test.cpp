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

TEST_CASE("a price that may be wrong is shown beside its model", "[cli]") {
  cli_fixture on;
  auto reply = json::parse(golden_reply("requests.json"));
  reply[0]["model"] = "gpt-5-pro";
  reply[0]["price"] = {{"model", "gpt-5"}, {"basis", "by_prefix"}};
  reply[1]["model"] = "house";
  reply[1]["price"] = {{"model", ""}, {"basis", "unknown"}};
  on.daemon.on("GET /admin/v1/requests", reply.dump());
  const auto x = on.rota({"requests"});
  CHECK_THAT(x.out, ContainsSubstring("gpt-5-pro (priced as gpt-5)  "));
  CHECK_THAT(x.out, ContainsSubstring("house (price unknown)  "));
}

TEST_CASE("an explanation has all that a cost is made of", "[cli]") {
  cli_fixture on;
  const auto explained = [&on](const char* basis,
                               json more = json::object()) {
    auto reply = json::parse(golden_reply("request.json"));
    reply["price"]["basis"] = basis;
    reply["tokens"].update(more);
    on.daemon.on("GET /admin/v1/requests/req_3_17", reply.dump());
    return on.rota({"explain", "req_3_17"}).out;
  };
  CHECK_THAT(explained("known"),
             ContainsSubstring(
               "200 in, 50 out, 128 of the input cached; reported\n"));
  CHECK_THAT(explained("known"), ContainsSubstring("that of gpt-5-mini\n"));
  CHECK_THAT(explained("by_prefix"),
             ContainsSubstring("that of gpt-5-mini, for no more of the name is"
                               " known\n"));
  CHECK_THAT(explained("unknown"), ContainsSubstring("the highest of all, "));
  CHECK_THAT(explained("none"), !ContainsSubstring("that of"));
  CHECK_THAT(
    explained("known", {{"written_5m", 3},
                        {"written_1h", 4},
                        {"media_in", 5},
                        {"media_out", 6},
                        {"web_searches", 7},
                        {"tier", "flex"},
                        {"fast", true},
                        {"us_only", true},
                        {"source", "partial"}}),
    ContainsSubstring("128 of the input cached, 3 of it written to the cache"
                      " for 5 min, 4 of it written to the cache for 1 h, 5 of"
                      " it sound or pictures, 6 of the output sound or pictures,"
                      " 7 web searches, tier flex, fast, in the US only;"
                      " partial\n"));
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
        "Pick 1 among 3 accounts, by most_balance, for 0.001 USD at list price:"
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
