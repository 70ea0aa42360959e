// What people do with a daemon's state behind its back: check it and look.

#include "runtime/storage/high_water.hpp"
#include "tests/e2e/offline_scene.hpp"
#include "tests/runtime/raw_store.hpp"

#include <csignal>
#include <filesystem>

using namespace rota;

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

TEST_CASE("fsck: a newer version's store is for that version", "[e2e]") {
  scene on;
  CHECK(on.stop() == 0);
  put(on.dir / "state/store", "default", "schema", record(77));
  const auto said = on.offline({"fsck"});
  CHECK(said.code == 1);
  CHECK(said.out == "");
  CHECK_THAT(said.err, ContainsSubstring("by a newer rota (schema 77)"));
  CHECK(said.err.find("damaged") == std::string::npos);
  CHECK(said.err.find("restore") == std::string::npos);
  const auto report = on.check();
  CHECK(report["clean"] == false);
  CHECK(report["findings"].empty());
}

TEST_CASE("fsck: a lost input file is told of where people look", "[e2e]") {
  stage on{sim_file};
  on.start(accounts);
  write_file(on.dir / "jobs.jsonl", chat_lines(2'000));
  const auto id = on.ask({"submit", on.dir / "jobs.jsonl", "--max-in-flight",
                          "1"})["id"].get<std::string>();
  CHECK(on.stop() == 0);
  const auto lines = on.dir / "state/batches/batch_1.jsonl";
  std::filesystem::remove(lines);
  on.restart();
  const auto said = "The file " + lines + " cannot be read (No such file";
  wait_until("the log says it", [&] {
    return on.daemon().err().find(id + ": " + said) != std::string::npos;
  });
  CHECK_THAT(on.rota({"batches"}).out,
             ContainsSubstring(id + " waits: " + said));
}

TEST_CASE("results of which one is damaged are not taken for whole", "[e2e]") {
  scene on;
  const auto out = on.dir / "out.jsonl";
  const std::vector<std::string> results{"results", "batch_1", "-o", out};
  REQUIRE(on.rota(results).code == 0);
  const auto before = read_file(out);
  CHECK(on.stop() == 0);
  put(on.dir / "state/store", "result", be64(1) + be64(7), "no record");
  on.restart();
  const auto x = on.rota(results);
  CHECK(x.code == 1);
  CHECK(x.out.empty());
  CHECK_THAT(x.err, ContainsSubstring("so what came is not whole: its log says"
                                      " why"));
  CHECK(read_file(out) == before);
  CHECK_FALSE(std::filesystem::exists(out + ".part"));
  CHECK_THAT(on.daemon().err(),
             ContainsSubstring("The output of batch_1 was broken off: One of"
                               " its results is damaged; rota fsck says"
                               " more."));
}

TEST_CASE("a pool of relays without a limit can be counted", "[e2e]") {
  stage on{sim_file};
  std::string many = "accounts:\n";
  for (int i = 0; i < 12; ++i)
    many += "  - {name: a" + std::to_string(i)
            + ", provider: openai, base_url: SIM, api_key: env:KEY_A, balance:"
              " {initial: 1000000000}}\n";
  on.start(many);
  const std::string all = "12000000000.000000000";
  CHECK(on.ask({"status"})["money"]["available"] == all);
  CHECK(on.stop() == 0);
  const auto dir = on.dir / "state";
  CHECK(on.ask({"snapshot", "--state-dir", dir})["money"]["available"] == all);
  CHECK(on.rota({"fsck", "--state-dir", dir}).code == 0);
}

TEST_CASE("a snapshot counts what is left as the daemon does", "[e2e]") {
  stage on{sim_file};
  // Its reading is the worse of two views that agree with each other.
  on.start(R"(
accounts:
  - {name: a, provider: new_api, base_url: SIM, api_key: env:KEY_A,
     balance: {probe: newapi_token, initial: 30.50, quantum: 1.00}}
)");
  wait_until("the first reading", [&] {
    return on.ask({"account", "a"})["available"] == "30.000000000";
  });
  CHECK(on.stop() == 0);
  const auto seen = on.ask({"snapshot", "--state-dir", on.dir / "state"});
  CHECK(seen["accounts"][0]["balance"] == "30.500000000");
  CHECK(seen["accounts"][0]["available"] == "30.000000000");
  CHECK(seen["money"]["available"] == "30.000000000");
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

TEST_CASE("fsck and a start tell of a damaged slot of the mark", "[e2e]") {
  scene on;
  CHECK(on.stop() == 0);
  const auto mark = on.dir / "state/store.head";
  auto bytes = read_file(mark);
  bytes[4'096 + 20] = static_cast<char>(bytes[4'096 + 20] ^ 1);
  write_file(mark, bytes);
  const auto report = on.check();
  CHECK(report["finding_count"] == 1);
  CHECK_THAT(report.dump(), ContainsSubstring("One of its two slots"));
  CHECK_THAT(on.rota({"fsck", "--state-dir", on.state_dir()}).err,
             ContainsSubstring("the next start of rotad mends it"));
  on.restart();
  CHECK_THAT(on.daemon().err(), ContainsSubstring("was damaged, and is written"
                                                  " anew"));
  CHECK(on.stop() == 0);
  CHECK(on.check()["clean"] == true);
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
