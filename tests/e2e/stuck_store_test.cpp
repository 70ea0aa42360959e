// A store that does not answer: whoever hands in a file is told that nothing is
// known yet, and what was accepted runs as soon as the store goes on.

#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

#include <filesystem>

namespace fs = std::filesystem;

using namespace rota;

namespace {

constexpr auto sim_file = R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
prices: {default: {input: 0.25, output: 2.00}}
)";

constexpr auto config = R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
)";

/// A stage whose store can be stopped, with a file that was not accepted in
/// time.
struct stuck_stage : stage {
  stuck_stage() : stage{sim_file} {
    stall_at("group/taken", dir / "stuck");
    start(config);
    write_file(dir / "jobs.jsonl", chat_lines(10));
    write_file(dir / "stuck", "");
    const auto x = rota({"submit", dir / "jobs.jsonl"});
    CHECK(x.code == 1);
    CHECK(x.err.find("it is not known whether it is accepted; if it is, it "
                     "runs. Look with `rota batches`")
          != std::string::npos);
    CHECK(ask({"batches"}).empty());
    CHECK(books()["calls"] == 0);
  }
};

} // namespace

TEST_CASE("a batch that a stuck store has not confirmed runs later", "[e2e]") {
  stuck_stage on;
  fs::remove(on.dir / "stuck");
  wait_until("the batch is there",
             [&] { return on.ask({"batches"}).size() == 1; });
  const auto last = on.finish(on.ask({"batches"})[0]["id"]);
  CHECK(last["state"] == "completed");
  CHECK(last["succeeded"] == 10);
  CHECK(on.books()["calls"] == 10);
}

TEST_CASE("a batch that was never confirmed may be handed in again",
          "[e2e]") {
  stuck_stage on;
  on.kill();
  fs::remove(on.dir / "stuck");
  on.restart();
  CHECK(on.ask({"batches"}).empty());
  const auto id
    = on.ask({"submit", on.dir / "jobs.jsonl"})["id"].get<std::string>();
  CHECK(on.finish(id)["succeeded"] == 10);
  CHECK(on.books()["calls"] == 10);
}

TEST_CASE("no command is obeyed for good before the store has it", "[e2e]") {
  stage on{sim_file};
  on.stall_at("group/taken", on.dir / "stuck");
  on.start(config);
  write_file(on.dir / "stuck", "");
  const auto x = on.rota({"account", "a", "drain"});
  CHECK(x.code == 1);
  CHECK_THAT(x.err, ContainsSubstring("The store has not confirmed it"));
  CHECK(on.ask({"account", "a"})["admin"] == "drain"); // For now.
  on.kill();
  fs::remove(on.dir / "stuck");
  on.restart();
  CHECK(on.ask({"account", "a"})["admin"] == "ready");
  // What was answered outlives whatever comes next.
  on.ask({"account", "a", "drain"});
  on.kill();
  on.restart();
  CHECK(on.ask({"account", "a"})["admin"] == "drain");
}
