// What people do with a daemon's state behind its back: check, look, back up,
// restore.

#include "tests/e2e/stage.hpp"
#include "tests/runtime/raw_store.hpp"
#include "tests/support/catch.hpp"

#include <csignal>
#include <filesystem>

using namespace rota;

namespace {

const std::string sim_file = R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 30.00}
prices: {default: {input: 0.25, output: 2.00}}
)";

const std::string accounts = R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B, balance: {initial: 30.00}}
)";

/// A daemon that has run a batch.
struct scene : stage {
  scene() : stage{sim_file} {
    start(accounts);
    run_batch(30);
  }

  void run_batch(size_t lines) {
    write_file(dir / "jobs.jsonl", chat_lines(lines));
    REQUIRE(rota({"submit", dir / "jobs.jsonl", "--wait"}).code == 0);
  }

  std::string state_dir() const {
    return dir / "state";
  }

  run_result offline(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--state-dir", state_dir()});
    return rota(arguments);
  }

  json check() {
    auto x = offline({"fsck", "--json"});
    INFO(x.out << x.err);
    REQUIRE((x.code == 0 || x.code == 1));
    return json::parse(x.out);
  }
};

} // namespace

TEST_CASE("fsck: a daemon that was killed leaves a clean store", "[e2e]") {
  scene on;
  on.kill();
  const auto report = on.check();
  CHECK(report["clean"] == true);
  CHECK(report["finding_count"] == 0);
  CHECK(report["results"] == 30);
  CHECK(report["entries"] == 62);
  REQUIRE(report["accounts"].size() == 2);
  money charged;
  for (const auto& x : report["accounts"])
    charged += *parse_money(x["charged"].get<std::string>());
  CHECK(charged > money{});
  const auto said = on.offline({"fsck"});
  CHECK(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("Clean."));
  CHECK(said.err == "");
}

TEST_CASE("fsck: damage is said, with what to do", "[e2e]") {
  scene on;
  on.kill();
  const auto lines = on.dir / "state/batches/batch_1.jsonl";
  write_file(lines, "other" + read_file(lines));
  put(on.dir / "state/store", "head", be32(1), "no record");
  const auto report = on.check();
  CHECK(report["clean"] == false);
  CHECK(report["findings"].dump().find("batch_1.jsonl") != std::string::npos);
  CHECK(report["findings"].dump().find("The books are damaged")
        != std::string::npos);
  const auto said = on.offline({"fsck"});
  CHECK(said.code == 1);
  CHECK_THAT(said.out, ContainsSubstring("store: a: The books are damaged"));
  CHECK_THAT(said.err, ContainsSubstring("nothing was changed"));
  CHECK_THAT(said.err, ContainsSubstring("rota restore BACKUP --state-dir"));
}

TEST_CASE("fsck: a directory without a store is named", "[e2e]") {
  const stage on{sim_file};
  const auto x = run_command(on.dir, {std::string{ROTA_BIN_DIR} + "/rota",
                                      "fsck", "--state-dir", on.dir / "none"});
  CHECK(x.code == 1);
  CHECK_THAT(x.err, ContainsSubstring("no store in " + (on.dir / "none")));
  CHECK_THAT(x.err, ContainsSubstring("--state-dir"));
}
