#include "tests/cli/cli_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

const std::string batch_path = "GET /admin/v1/batches/batch_3";

} // namespace

TEST_CASE("batches as a table", "[cli]") {
  cli_fixture on;
  const auto reply = golden_json("batches.json");
  on.daemon.on("GET /admin/v1/batches", reply.dump());
  const auto x = on.rota({"batches"});
  CHECK(x.code == 0);
  CHECK('\n' + x.out == R"(
BATCH    STATE      LINES  DONE  FAILED  IN FLIGHT  SPENT  )"
                        R"(SUBMITTED      NAME
batch_1  completed   1000   998       2          0  0.125  )"
                        R"(1 d 1 h ago    jobs.jsonl
batch_2  paused        40    10       0          3  12.00  )"
                        R"(5 h 0 min ago  nightly
)");
  CHECK(json::parse(on.rota({"batches", "--json"}).out) == reply);
  auto stuck = reply;
  stuck[1]["waiting_for"] = "The file x is gone.";
  on.daemon.on("GET /admin/v1/batches", stuck.dump());
  CHECK(on.rota({"batches"}).out
        == x.out + "batch_2 waits: The file x is gone.\n");
  on.daemon.on("GET /admin/v1/batches", "[]");
  CHECK_THAT(on.rota({"batches"}).out, ContainsSubstring("rota submit FILE"));
}

TEST_CASE("one batch says first why it waits and what is in doubt",
          "[cli]") {
  cli_fixture on;
  const auto reply = golden_json("batch.json");
  on.daemon.on(batch_path, reply.dump());
  const auto x = on.rota({"batch", "3"});
  CHECK(x.code == 0);
  CHECK('\n' + x.out == R"(
Lines wait: no account has enough money
batch      batch_3
name       nightly
file       jobs.jsonl
format     openai
policy     at_least_once
state      running
lines      40: 10 succeeded, 2 failed, 3 in flight
spent      0.0012 USD
pace       2.5 lines/s
submitted  5 h 0 min ago

1 call in doubt: perhaps charged, though no answer came.
LINE  CALL           ACCOUNT  AMOUNT  SINCE          IF NOTHING ELSE IS KNOWN
   7  batch_3:6#2.1  relay-a  0.0004  2 h 0 min ago  taken as charged in 1 h 30 min
)");
  CHECK(json::parse(on.rota({"batch", "3", "--json"}).out) == reply);
}

TEST_CASE("a batch that has ended says where its results are", "[cli]") {
  cli_fixture on;
  auto reply = golden_json("batches.json")[0];
  reply["id"] = "batch_3";
  on.daemon.on(batch_path, reply.dump());
  const auto x = on.rota({"batch", "3"});
  CHECK('\n' + x.out == R"(
batch      batch_3
file       jobs.jsonl
format     openai
policy     at_least_once
state      completed
lines      1000: 998 succeeded, 2 failed
spent      0.125 USD
submitted  1 d 1 h ago
ended      1 d 0 h ago

Results: rota results batch_3 -o FILE
2 lines failed: rota results batch_3 --errors FILE
)");
}

TEST_CASE("many doubts are told in part", "[cli]") {
  cli_fixture on;
  auto reply = golden_json("batch.json");
  auto doubt = reply["in_doubt"][0];
  doubt.erase("line");
  reply["in_doubt"] = json::array();
  for (int i = 0; i < 45; ++i)
    reply["in_doubt"].push_back(doubt);
  on.daemon.on(batch_path, reply.dump());
  const auto x = on.rota({"batch", "3"});
  CHECK_THAT(x.out, ContainsSubstring("45 calls in doubt"));
  CHECK_THAT(x.out, ContainsSubstring("\nCALL "));
  CHECK_THAT(x.out, ContainsSubstring("... and 25 more"));
}

TEST_CASE("verbs of a batch", "[cli]") {
  cli_fixture on;
  for (const std::string verb : {"pause", "resume", "cancel"}) {
    const auto path = "/admin/v1/batches/batch_3/" + verb;
    on.daemon.on("POST " + path, R"({"id":"batch_3","state":"cancelling"})");
    const auto x = on.rota({verb, "3"});
    CHECK(x.code == 0);
    CHECK(x.out == "batch_3 is cancelling.\n");
    CHECK(on.daemon.seen().back().path == path);
    CHECK(json::parse(on.rota({verb, "3", "--json"}).out)["state"]
          == "cancelling");
  }
}
