// What people do with a daemon's state behind its back: check, look, back up,
// restore.

#include "runtime/storage/high_water.hpp"
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

TEST_CASE("fsck: a running daemon is checked by a copy", "[e2e]") {
  scene on;
  write_file(on.dir / "jobs.jsonl", chat_lines(400));
  const auto id
    = on.ask({"submit", on.dir / "jobs.jsonl"})["id"].get<std::string>();
  for (int i = 0; i < 3; ++i) { // While lines are in flight.
    const auto report = on.check();
    INFO(report.dump(2));
    CHECK(report["clean"] == true);
    CHECK(report["live"] == true);
    CHECK(report["results"] >= 30);
  }
  CHECK(on.finish(id)["succeeded"] == 400);
  CHECK(on.check()["results"] == 430);
  // The copies are gone.
  CHECK(std::filesystem::is_empty(on.dir / "state/checkpoints"));
}

TEST_CASE("fsck: copies that nobody removed go at the next start", "[e2e]") {
  scene on;
  CHECK(on.stop() == 0);
  const auto left = on.dir / "state/checkpoints/1-1";
  std::filesystem::create_directories(left);
  write_file(left + "/store.head", "x");
  on.restart();
  CHECK_FALSE(std::filesystem::exists(left));
}

TEST_CASE("fsck: what rotad refuses, the check finds", "[e2e]") {
  scene on;
  const auto mark = on.dir / "state/store.head";
  wait_until("the store has said how far it is", [&mark] {
    return read_high_water(mark).mark->entries >= 62;
  });
  on.kill();
  std::string log;
  for (const auto& x :
       std::filesystem::directory_iterator{on.dir / "state/store"})
    if (x.path().extension() == ".log")
      log = x.path().string();
  auto text = read_file(log);
  auto& c = text[text.size() / 2];
  c = static_cast<char>(c ^ 8);
  write_file(log, text);
  on.launch();
  CHECK(on.daemon().wait() == 1);
  CHECK_THAT(on.daemon().err(), ContainsSubstring("is damaged"));
  CHECK_THAT(on.daemon().err(), ContainsSubstring(log));
  CHECK_THAT(on.daemon().err(),
             ContainsSubstring("acknowledged entries are missing (account "));
  const auto report = on.check();
  CHECK(report["clean"] == false);
  CHECK(report["findings"].dump().find(log) != std::string::npos);
  // What can be read still says how much is gone, and whose.
  CHECK(report["findings"].dump().find("acknowledged entries are missing")
        != std::string::npos);
}

TEST_CASE("fsck: who holds a store and does not answer is named", "[e2e]") {
  scene on;
  const auto x = run_command(
    on.dir, {std::string{ROTA_BIN_DIR} + "/rota", "--socket",
             on.dir / "nowhere.sock", "fsck", "--state-dir", on.state_dir()});
  CHECK(x.code == 3);
  CHECK_THAT(x.err, ContainsSubstring("holds the store in"));
  CHECK_THAT(x.err, ContainsSubstring("nowhere.sock"));
}

TEST_CASE("backup and restore, while the daemon runs and when it does not",
          "[e2e]") {
  scene on;
  const auto folder = on.dir / "backups";
  const auto first = on.offline({"backup", folder, "--json"});
  INFO(first.err);
  REQUIRE(first.code == 0);
  CHECK(json::parse(first.out)["backup"] == 1);
  CHECK(json::parse(first.out)["results"] == 30);
  const auto then = on.ask({"accounts"});
  on.run_batch(20);
  CHECK(on.stop() == 0);
  REQUIRE(on.offline({"backup", folder}).code == 0);
  const auto list = json::parse(on.rota({"backup", folder, "--list",
                                         "--json"})
                                  .out);
  REQUIRE(list.size() == 2);
  CHECK(list[1]["results"] == 50);

  // Not over what is there, unless that was asked for.
  const auto before = on.check();
  const auto refused = on.offline({"restore", folder, "--backup", "1"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, ContainsSubstring("There is a state in"));
  CHECK_THAT(refused.err, ContainsSubstring("--force"));
  CHECK(on.check() == before);
  const auto done
    = on.offline({"restore", folder, "--backup", "1", "--force"});
  INFO(done.err);
  REQUIRE(done.code == 0);
  CHECK_THAT(done.out, ContainsSubstring("checked and clean"));
  CHECK(on.check()["results"] == 30);

  // The daemon goes on from there.
  on.restart();
  const auto now = on.ask({"accounts"});
  for (size_t i = 0; i < now.size(); ++i)
    for (const auto* key : {"available", "held", "spent", "calls"})
      CHECK(now[i][key] == then[i][key]);
  on.run_batch(10);
  CHECK(on.ask({"batches"}).size() == 2);
  const auto held = on.offline({"restore", folder, "--force"});
  CHECK(held.code == 1);
  CHECK_THAT(held.err, ContainsSubstring("stop that rotad first"));
  on.kill();
  CHECK(on.check()["clean"] == true);

  // Into an empty place, the newest by default.
  const auto elsewhere = on.dir / "elsewhere/state";
  REQUIRE(on.rota({"restore", folder, "--state-dir", elsewhere}).code == 0);
  const auto copy = json::parse(
    on.rota({"fsck", "--json", "--state-dir", elsewhere}).out);
  CHECK(copy["clean"] == true);
  CHECK(copy["results"] == 50);
}

TEST_CASE("restore: a damaged backup changes nothing", "[e2e]") {
  scene on;
  CHECK(on.stop() == 0);
  const auto folder = on.dir / "backups";
  REQUIRE(on.offline({"backup", folder}).code == 0);
  const auto before = on.check();
  const auto damage = [&](const std::string& file) {
    auto text = read_file(file);
    REQUIRE_FALSE(text.empty());
    auto& c = text[text.size() / 2];
    c = static_cast<char>(c ^ 1);
    write_file(file, text);
    const auto x = on.offline({"restore", folder, "--force"});
    INFO(file << ": " << x.err);
    CHECK(x.code == 1);
    CHECK(x.err.find("damaged") + x.err.find("not whole")
          != 2 * std::string::npos);
    c = static_cast<char>(c ^ 1);
    write_file(file, text);
  };
  damage(folder + "/backup-1.manifest");
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator{folder})
    if (entry.is_regular_file()
        && (entry.path().extension() == ".sst"
            || entry.path().parent_path().filename() == "files"))
      damage(entry.path().string());
  CHECK(on.check() == before);
  CHECK(on.offline({"restore", folder, "--force"}).code == 0);
  const auto none = on.offline({"restore", folder, "--backup", "9"});
  CHECK(none.code == 1);
  CHECK_THAT(none.err, ContainsSubstring("There is no backup 9"));
}

TEST_CASE("restore: no daemon starts on half of one", "[e2e]") {
  scene on;
  CHECK(on.stop() == 0);
  const auto folder = on.dir / "backups";
  REQUIRE(on.offline({"backup", folder}).code == 0);
  // As it looks when the power fails in the middle.
  write_file(on.dir / "state/store.restoring", "");
  std::filesystem::rename(on.dir / "state/store", on.dir / "state/moved");
  on.launch();
  CHECK(on.daemon().wait() == 1);
  CHECK_THAT(on.daemon().err(), ContainsSubstring("was interrupted"));
  CHECK_THAT(on.daemon().err(), ContainsSubstring("run rota restore"));
  CHECK_FALSE(std::filesystem::exists(on.dir / "state/store"));
  REQUIRE(on.offline({"restore", folder, "--force"}).code == 0);
  on.restart();
  CHECK(on.ask({"batch", "1"})["succeeded"] == 30);
}

TEST_CASE("backup: old ones go, and what they shared stays", "[e2e]") {
  scene on;
  const auto folder = on.dir / "backups";
  for (int i = 0; i < 3; ++i) {
    on.run_batch(5);
    REQUIRE(on.offline({"backup", folder, "--keep", "2"}).code == 0);
  }
  const auto list
    = json::parse(on.rota({"backup", folder, "--list", "--json"}).out);
  REQUIRE(list.size() == 2);
  CHECK(list[0]["backup"] == 2);
  for (const auto* number : {"2", "3"})
    CHECK(on.rota({"restore", folder, "--backup", number, "--state-dir",
                   on.dir / number})
            .code
          == 0);
}

TEST_CASE("backup: a damaged state is not backed up", "[e2e]") {
  scene on;
  on.kill();
  put(on.dir / "state/store", "head", be32(1), "no record");
  const auto x = on.offline({"backup", on.dir / "backups"});
  CHECK(x.code == 1);
  CHECK_THAT(x.out, ContainsSubstring("The books are damaged"));
  CHECK_THAT(x.err, ContainsSubstring("was not backed up"));
  CHECK_FALSE(std::filesystem::exists(on.dir / "backups"));
}

TEST_CASE("snapshot: what the daemon knew, without it", "[e2e]") {
  scene on;
  on.ask({"account", "b", "drain"});
  const auto accounts = on.ask({"accounts"});
  const auto batches = on.ask({"batches"});
  const auto like_the_daemon = [&](const json& x) {
    REQUIRE(x["accounts"].size() == 2);
    for (size_t i = 0; i < 2; ++i)
      for (const auto* key :
           {"name", "admin", "available", "held", "spent", "calls"})
        CHECK(x["accounts"][i][key] == accounts[i][key]);
    REQUIRE(x["batches"].size() == 1);
    for (const auto* key : {"id", "state", "total", "succeeded", "failed",
                            "spent", "created_at"})
      CHECK(x["batches"][0][key] == batches[0][key]);
  };
  const auto folder = on.dir / "backups";
  REQUIRE(on.offline({"backup", folder}).code == 0);
  on.kill();
  like_the_daemon(json::parse(on.offline({"snapshot", "--json"}).out));
  const auto said = on.offline({"snapshot"});
  CHECK(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("batch_1  completed"));
  const auto of_backup = on.rota(
    {"snapshot", "--state-dir", folder, "--backup", "1", "--json"});
  INFO(of_backup.err);
  REQUIRE(of_backup.code == 0);
  like_the_daemon(json::parse(of_backup.out));
  const auto none = on.rota({"snapshot", "--state-dir", folder, "--backup",
                             "7"});
  CHECK(none.code == 1);
  CHECK_THAT(none.err, ContainsSubstring("no backup 7"));
}

TEST_CASE("snapshot: money at risk after a crash", "[e2e]") {
  stage on{sim_file + "latency: {first_byte: {distribution: fixed, value: 60s}}\n"};
  on.start(accounts);
  write_file(on.dir / "jobs.jsonl", chat_lines(4));
  on.ask({"submit", on.dir / "jobs.jsonl"});
  wait_until("all lines are in flight", [&on] {
    return on.ask({"batch", "1"})["in_flight"] == 4
           && on.ask({"status"})["money"]["held"] != "0.000000000";
  });
  const auto held = on.ask({"status"})["money"]["held"];
  on.kill();
  const auto x = on.rota({"snapshot", "--json", "--state-dir", on.dir / "state"});
  REQUIRE(x.code == 0);
  const auto taken = json::parse(x.out);
  CHECK(taken["money"]["at_risk"] == held);
  CHECK(taken["open_holds"].size() == 4);
  const auto said = on.rota({"snapshot", "--state-dir", on.dir / "state"});
  CHECK_THAT(said.out, ContainsSubstring("4 calls open"));
}
