// kill -9 in the middle of a batch, and what must be true afterwards.

#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

#include "messages/money.hpp"

#include <set>
#include <sstream>

using namespace rota;

namespace {

money usd(const json& text) {
  return parse_money(text.get<std::string>()).value();
}

} // namespace

TEST_CASE("a batch survives kill -9, more than once", "[e2e][crash]") {
  stage on{R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 30.00}
prices: {default: {input: 0.25, output: 2.00}}
latency: {first_byte: {distribution: uniform, min: 5ms, max: 25ms}}
)"};
  on.start(R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B, balance: {initial: 30.00}}
)");
  constexpr uint64_t total = 1'500;
  write_file(on.dir / "jobs.jsonl", chat_lines(total));
  const auto id
    = on.ask({"submit", on.dir / "jobs.jsonl"})["id"].get<std::string>();
  for (const uint64_t kill_at : {200u, 600u, 1'000u}) {
    wait_until("progress", [&] {
      return on.ask({"batch", id})["succeeded"].get<uint64_t>() >= kill_at;
    });
    const auto before = on.ask({"batch", id})["succeeded"].get<uint64_t>();
    on.kill();
    on.restart();
    // What was counted was on disk.
    CHECK(on.ask({"batch", id})["succeeded"].get<uint64_t>() >= before);
  }
  const auto ended = on.finish(id);
  CHECK(ended["succeeded"] == total);
  CHECK(ended["failed"] == 0);
  CHECK(on.rota({"results", id, "-o", on.dir / "out.jsonl"}).code == 0);
  std::set<std::string> ids;
  uint64_t lines = 0;
  std::istringstream in{read_file(on.dir / "out.jsonl")};
  for (std::string line; std::getline(in, line); ++lines)
    ids.insert(json::parse(line)["custom_id"]);
  CHECK(lines == total);
  CHECK(ids.size() == total);

  // Each call that ran twice at the provider is among those in doubt, and the
  // books differ by no more than the doubts are worth.
  const auto status = on.ask({"status"});
  const auto repeated = on.books("/sim/executions?min=2");
  CHECK(repeated["executions"].size() <= status["in_doubt"].size());
  CHECK(status["in_doubt_count"].get<uint64_t>() > 0);
  money spent, charged;
  for (const auto& x : on.ask({"accounts"}))
    spent += usd(x["spent"]);
  charged = usd(on.books()["total_charged"]);
  const auto doubt = usd(status["money"]["in_doubt"]);
  CHECK(charged >= spent);
  CHECK(charged - spent <= doubt);
  CHECK(usd(status["money"]["held"]) == doubt);
  // Each names its line: "batch_1:41#1.1" is the 42nd of a file without blanks.
  const auto listed = on.ask({"batch", id});
  for (const auto& x : listed["in_doubt"])
    CHECK(x["line"] == x["item"].get<uint64_t>() + 1);
}

TEST_CASE("a stop lets what is in flight end", "[e2e]") {
  stage on{R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
prices: {default: {input: 0.25, output: 2.00}}
latency: {first_byte: {distribution: fixed, value: 150ms}}
)"};
  on.start(R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
)");
  write_file(on.dir / "jobs.jsonl", chat_lines(40));
  const auto id
    = on.ask({"submit", on.dir / "jobs.jsonl"})["id"].get<std::string>();
  wait_until("something is in flight", [&] {
    return on.ask({"account", "a"})["in_flight"].get<uint64_t>() > 0;
  });
  CHECK(on.stop() == 0);
  on.restart();
  CHECK(on.ask({"status"})["in_doubt_count"] == 0);
  CHECK(on.finish(id)["succeeded"] == 40);
  CHECK(on.books("/sim/executions?min=2")["executions"].empty());
  CHECK(usd(on.ask({"account", "a"})["spent"])
        == usd(on.books()["total_charged"]));
}

TEST_CASE("a line under which the daemon dies is sent twice at most",
          "[e2e][crash]") {
  stage on{R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
prices: {default: {input: 0.25, output: 2.00}}
latency: {first_byte: {distribution: fixed, value: 60s}}
)"};
  on.start(R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
)");
  write_file(on.dir / "jobs.jsonl", chat_lines(1));
  const auto id
    = on.ask({"submit", on.dir / "jobs.jsonl"})["id"].get<std::string>();
  for (uint64_t deaths = 1; deaths <= 2; ++deaths) {
    wait_until("its call has come",
               [&] { return on.books()["calls"] == deaths; });
    on.kill();
    on.restart();
  }
  const auto last = on.finish(id);
  CHECK(last["failed"] == 1);
  CHECK(on.books()["calls"] == 2);
  REQUIRE(on.rota({"results", id, "-o", on.dir / "out.jsonl", "--errors",
                   on.dir / "errors.jsonl"})
            .code
          == 0);
  const auto line = json::parse(read_file(on.dir / "errors.jsonl"));
  CHECK(line["custom_id"] == "id-0");
  CHECK(line["error"]["code"] == "in_doubt");
  CHECK(line["error"]["message"].get<std::string>().find("charged 2 times")
        != std::string::npos);
  CHECK(on.ask({"status"})["in_doubt_count"] == 2);
  CHECK(on.stop() == 0);
}
