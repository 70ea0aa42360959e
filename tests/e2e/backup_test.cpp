// What people do with a daemon's state behind its back: back it up, restore.

#include "tests/e2e/offline_scene.hpp"
#include "tests/runtime/raw_store.hpp"

#include <filesystem>

using namespace rota;

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

TEST_CASE("restore: one that was interrupted is brought to its end",
          "[e2e]") {
  namespace fs = std::filesystem;
  scene on;
  const auto folder = on.dir / "backups";
  REQUIRE(on.offline({"backup", folder}).code == 0);
  on.run_batch(5);
  CHECK(on.stop() == 0);
  const auto state = on.state_dir();
  const auto entries = on.check()["entries"];
  // As it looks when the power fails after two of three parts.
  const auto aside = state + "/replaced-17";
  fs::create_directories(aside);
  write_file(state + "/store.restoring",
             "A restore replaces this state.\naside replaced-17\n"
             "old store.head\nold batches\nold store\n");
  for (const auto* part : {"store.head", "batches"})
    fs::rename(state + '/' + part, aside + '/' + part);
  write_file(state + "/store.head", "of the backup");
  fs::create_directories(state + "/batches");
  write_file(state + "/batches/x", "of the backup");
  const auto done = on.offline({"restore", folder, "--force", "--json"});
  INFO(done.err);
  REQUIRE(done.code == 0);
  CHECK(json::parse(done.out)["replaced"] == aside);
  CHECK(on.check()["clean"] == true);
  CHECK(on.check()["results"] == 30);
  CHECK_FALSE(fs::exists(state + "/store.restoring"));
  CHECK_FALSE(fs::exists(state + "/batches/x"));
  // All of the old state lies in one place, and is whole.
  const auto old
    = json::parse(on.rota({"fsck", "--json", "--state-dir", aside}).out);
  CHECK(old["clean"] == true);
  CHECK(old["entries"] == entries);
  for (const auto& x : fs::directory_iterator{state})
    CHECK((!x.path().filename().string().starts_with("replaced-")
           || x.path() == aside));
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

TEST_CASE("backup: what is not its own it leaves alone", "[e2e]") {
  scene on;
  CHECK(on.stop() == 0);
  const auto mine = on.dir / "mine";
  std::filesystem::create_directories(mine + "/files");
  write_file(mine + "/files/letter.txt", "dear");
  const auto refused = on.offline({"backup", mine, "--keep", "1"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, ContainsSubstring("holds files, but no backups"));
  CHECK_FALSE(std::filesystem::exists(mine + "/store"));

  // Among backups, too, with a name that only begins like one of ours.
  const auto folder = on.dir / "backups";
  REQUIRE(on.offline({"backup", folder}).code == 0);
  const auto own = std::string(64, 'a');
  write_file(folder + "/files/letter.txt", "dear");
  write_file(folder + "/files/" + own, "a file of no backup");
  write_file(folder + "/files/" + own + ".part", "half");
  REQUIRE(on.offline({"backup", folder, "--keep", "1"}).code == 0);
  CHECK(read_file(folder + "/files/letter.txt") == "dear");
  CHECK_FALSE(std::filesystem::exists(folder + "/files/" + own));
  CHECK_FALSE(std::filesystem::exists(folder + "/files/" + own + ".part"));
}

TEST_CASE("backup: a manifest that is damaged keeps its files", "[e2e]") {
  scene on;
  const auto folder = on.dir / "backups";
  REQUIRE(on.offline({"backup", folder}).code == 0);
  on.run_batch(5);
  const auto first = read_file(folder + "/backup-1.manifest");
  write_file(folder + "/backup-1.manifest", first.substr(1));
  const auto done = on.offline({"backup", folder, "--keep", "1"});
  CHECK(done.code == 0);
  CHECK_THAT(done.err, ContainsSubstring("backup-1.manifest is damaged"));
  CHECK_THAT(done.err, ContainsSubstring("No file of it is removed"));
  write_file(folder + "/backup-1.manifest", first);
  CHECK(on.rota({"restore", folder, "--backup", "1", "--state-dir",
                 on.dir / "back"})
          .code
        == 0);
}

TEST_CASE("backup: it is nobody else's to read", "[e2e]") {
  scene on;
  CHECK(on.stop() == 0);
  const auto folder = on.dir / "backups";
  std::filesystem::create_directories(folder + "/files");
  std::filesystem::permissions(folder + "/files", std::filesystem::perms{0755});
  REQUIRE(on.offline({"backup", folder}).code == 0);
  REQUIRE(on.offline({"restore", folder, "--force"}).code == 0);
  constexpr auto others = std::filesystem::perms{0077};
  for (const auto& root : {folder, on.state_dir()})
    for (const auto& x :
         std::filesystem::recursive_directory_iterator{root}) {
      INFO(x.path());
      const auto above = x.path().parent_path();
      if (above == on.state_dir() || above == folder)
        CHECK((x.status().permissions() & others)
              == std::filesystem::perms::none);
    }
}

TEST_CASE("backup: the copy of one that was killed is removed", "[e2e]") {
  scene on;
  CHECK(on.stop() == 0);
  // No process has such a number.
  const auto left = on.dir / "state/copy-1999999999.part";
  const auto leave = [&left] {
    std::filesystem::create_directories(left + "/store");
    write_file(left + "/store.head", "x");
  };
  leave();
  REQUIRE(on.offline({"backup", on.dir / "backups"}).code == 0);
  CHECK_FALSE(std::filesystem::exists(left));
  leave();
  on.restart();
  CHECK_FALSE(std::filesystem::exists(left));
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
