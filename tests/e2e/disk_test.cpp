// A disk of its own that others fill: nothing fails, nothing is lost, and all
// goes on by itself once there is room. ROTA_DISK_RUNS says how often it is
// filled to the last byte (default 10).

#include "runtime/storage/disk_space.hpp"
#include "tests/e2e/api_request.hpp"
#include "tests/e2e/audit.hpp"
#include "tests/support/catch.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace fs = std::filesystem;

using namespace rota;

namespace {

constexpr uint64_t MiB = 1 << 20;
constexpr uint64_t lines = 400;

/// Room must be noticed within this.
constexpr std::chrono::seconds patience{5};

constexpr auto config = R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 3000.00}}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B, balance: {initial: 3000.00}}
alerts: {interval: 100ms}
store: {write_buffer_bytes: 256KiB, low_space_bytes: 16MiB, ballast_bytes: 4MiB}
)";

/// A stage whose state lies on a tmpfs.
struct small_disk : stage {
  small_disk()
    : stage{R"(
accounts:
  - {name: a, key: key-a, balance: 3000.00}
  - {name: b, key: key-b, balance: 3000.00}
prices: {default: {input: 0.25, output: 2.00}}
latency: {first_byte: {distribution: uniform, min: 20ms, max: 60ms}}
)"} {
    fs::create_directory(dir / "state");
    mounted = ::mount("tmpfs", (dir / "state").c_str(), "tmpfs", 0,
                      "size=64m,mode=0700")
              == 0;
    write_file(dir / "jobs.jsonl", chat_lines(lines));
  }

  ~small_disk() {
    if (mounted)
      ::umount2((dir / "state").c_str(), MNT_DETACH);
  }

  std::string submit() {
    return ask({"submit", dir / "jobs.jsonl"})["id"];
  }

  uint64_t succeeded(const std::string& batch) {
    return ask({"batch", batch})["succeeded"];
  }

  void await_lines(const std::string& batch, uint64_t count,
                   std::chrono::seconds longest = std::chrono::seconds{60}) {
    wait_until(std::to_string(count) + " lines have ended",
               [&] { return succeeded(batch) >= count; }, longest);
  }

  uint64_t room() const {
    return free_bytes(dir / "state").value();
  }

  /// Fills the disk but for so much; as another program would, in small steps.
  void fill(uint64_t but_for) {
    const auto fd = ::open((dir / "state/stranger").c_str(),
                           O_WRONLY | O_CREAT | O_APPEND, 0600);
    REQUIRE(fd >= 0);
    const std::string piece(16 << 10, 'x');
    while (room() > but_for
           && ::write(fd, piece.data(), piece.size()) > 0) {
    }
    ::close(fd);
  }

  /// How often the journal found no room.
  size_t times_full() {
    size_t result = 0;
    const auto log = daemon().err();
    for (size_t i = 0;
         (i = log.find("is full: nothing is written", i)) != std::string::npos;
         ++i)
      ++result;
    return result;
  }

  /// Whether no line can end any more: its journal waits, or no call is under
  /// way and none is started.
  bool stands() {
    const auto log = daemon().err();
    const auto full = log.rfind("is full: nothing is written");
    const auto room = log.rfind("of the store has room again");
    if (full != std::string::npos && (room == std::string::npos || full > room))
      return true;
    const auto said = rota({"status", "--json"});
    if (said.code != 0)
      return true; // It is being opened anew.
    const auto status = json::parse(said.out);
    return status["pool"]["waiting_for"]
             == "the disk of the store is nearly full"
           && status["money"]["held"] == "0.000000000";
  }

  void make_room() {
    fs::remove(dir / "state/stranger");
  }

  bool mounted = false;
};

#define REQUIRE_DISK(on)                                                       \
  if (!(on).mounted) {                                                         \
    WARN("SKIPPED: no tmpfs can be mounted here; run it as root.");            \
    return;                                                                    \
  }

} // namespace

TEST_CASE("below the low mark jobs wait, and go on by themselves",
          "[e2e][disk]") {
  small_disk on;
  REQUIRE_DISK(on);
  on.start(config);
  const auto batch = on.submit();
  on.await_lines(batch, 50);
  on.fill(8 * MiB);
  wait_until("the disk is low", [&] {
    return on.ask({"batch", batch})["waiting_for"]
           == "the disk of the store is nearly full";
  });
  wait_until("nothing is under way", [&] {
    return on.ask({"status"})["money"]["held"] == "0.000000000";
  });
  const auto stood = on.succeeded(batch);
  CHECK(stood < lines);
  wait_until("an alert says so",
             [&] { return on.ask({"status"})["alerts"].size() == 1; });
  CHECK(on.ask({"status"})["alerts"][0]["kind"] == "disk.low");
  CHECK_THAT(on.rota({"status"}).out, ContainsSubstring("nearly full"));
  CHECK_THAT(on.daemon().err(), ContainsSubstring("MiB left: no new calls"));
  const auto refused = on.rota({"submit", on.dir / "jobs.jsonl"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, ContainsSubstring("free some space"));
  CHECK(on.succeeded(batch) == stood);
  on.make_room();
  on.await_lines(batch, stood + 1, patience);
  check_output(on, batch, lines);
  check_books(on, lines);
  CHECK(on.ask({"status"})["in_doubt_count"] == 0);
  CHECK(on.stop() == 0);
  check_store(on);
}

TEST_CASE("a reload with new names is refused while the disk is low",
          "[e2e][disk]") {
  small_disk on;
  REQUIRE_DISK(on);
  on.start(config);
  on.fill(8 * MiB);
  const auto low = std::string{config} + "routing: {attempts: 2}\n";
  on.rewrite(low);
  CHECK(on.ask({"reload"})["changed"] == json{"routing"});
  const std::string account
    = "  - {name: c, provider: openai, base_url: SIM, api_key: env:KEY_C}\n";
  const std::string client
    = "clients:\n  - {name: al, tokens: [sha256:" + std::string(64, 'a')
      + "]}\n";
  const auto with_account = [&] {
    auto result = low;
    return result.insert(result.find("alerts:"), account);
  };
  const auto fresh = GENERATE(true, false);
  on.rewrite(fresh ? with_account() : low + client);
  const auto refused = on.rota({"reload"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, ContainsSubstring("is nearly full, and"));
  CHECK_THAT(refused.err, ContainsSubstring("is new to the store: free some"));
  on.daemon().signal(SIGHUP);
  wait_until("the signal is answered", [&on] {
    const auto log = on.daemon().err();
    return log.find("is new to the store") != log.rfind("is new to the store");
  });
  CHECK(on.ask({"accounts"}).size() == 2);
  on.make_room();
  CHECK(on.ask({"reload"})["changed"]
        == json{fresh ? "account c added" : "clients"});
  CHECK(on.ask({"accounts"}).size() == (fresh ? 3 : 2));
  CHECK(on.stop() == 0);
  check_store(on);
}

TEST_CASE("a daemon before a full disk starts once there is room",
          "[e2e][disk]") {
  small_disk on;
  REQUIRE_DISK(on);
  on.start(config);
  const auto batch = on.submit();
  on.await_lines(batch, 50);
  on.kill();
  on.fill(0);
  on.launch();
  wait_until("it says what it waits for", [&] {
    REQUIRE(on.daemon().running());
    return on.daemon().err().find("rotad starts once there is room")
           != std::string::npos;
  });
  SECTION("it is stopped") {
    CHECK(on.stop() == 0);
  }
  SECTION("there is room") {
    on.make_room();
    wait_until(
      "rotad is ready",
      [&] {
        return on.daemon().err().find("is ready") != std::string::npos;
      },
      patience);
    check_output(on, batch, lines);
    check_books(on, lines);
    CHECK(on.stop() == 0);
    check_store(on);
  }
}

TEST_CASE("a store that is opened anew goes by the last reload",
          "[e2e][disk]") {
  small_disk on;
  REQUIRE_DISK(on);
  const std::string revoked(40, 'r');
  const std::string valid(40, 'v');
  on.environment["REVOKED"] = revoked;
  on.environment["VALID"] = valid;
  const auto with_token = [](const std::string& name) {
    const std::string all = config;
    // A start wants more room than a stop leaves: no ballast, large buffers.
    return all.substr(0, all.find("store:"))
           + "store: {write_buffer_bytes: 4MiB, low_space_bytes: 16MiB,"
             " ballast_bytes: 0}\n"
             "clients:\n  - {name: al, tokens: [env:"
           + name + "]}\n";
  };
  on.stall_at("head/before", on.dir / "stuck");
  on.start(with_token("REVOKED"));
  const auto status = [&on](const std::string& token) {
    return request(on.api_port(), "GET", "/v1/models", "",
                   "Authorization: Bearer " + token + "\r\n")
      .status;
  };
  CHECK(status(revoked) == 200);
  on.rewrite(with_token("VALID") + "refresh: {interval: 7m}\n");
  CHECK(on.ask({"reload"})["needs_restart"] == json{"refresh.interval"});
  CHECK(status(revoked) == 401);
  // The file that says how far the store has come cannot be written: it lost
  // its pages, and there are no others. RocksDB itself meets no full disk.
  write_file(on.dir / "stuck", "");
  on.ask({"account", "a", "drain"});
  write_file(on.dir / "state/spare", std::string(64 << 10, 'x'));
  const auto head = on.dir / "state/store.head";
  const auto kept = read_file(head);
  REQUIRE(!kept.empty());
  fs::resize_file(head, 0);
  on.fill(0);
  fs::remove(on.dir / "stuck");
  wait_until("it waits for room", [&on] {
    INFO(on.daemon().err());
    REQUIRE(on.daemon().running());
    return on.daemon().err().find("rotad starts once there is room")
           != std::string::npos;
  });
  fs::remove(on.dir / "state/spare");
  write_file(head, kept);
  on.make_room();
  const std::string ready = "is ready";
  wait_until("it is ready again", [&] {
    const auto log = on.daemon().err();
    return log.find(ready) != log.rfind(ready);
  });
  CHECK_THAT(on.daemon().err(), ContainsSubstring("store.head cannot be"));
  CHECK(status(revoked) == 401);
  CHECK(status(valid) == 200);
  CHECK(on.ask({"status"})["needs_restart"] == json{"refresh.interval"});
  CHECK(on.ask({"account", "a"})["admin"] == "drain");
  CHECK(on.stop() == 0);
  check_store(on);
}

TEST_CASE("a disk that others fill to the last byte loses nothing",
          "[e2e][disk]") {
  const auto* text = std::getenv("ROTA_DISK_RUNS");
  const auto runs = text != nullptr ? std::atoi(text) : 10;
  small_disk on;
  REQUIRE_DISK(on);
  on.start(config);
  std::vector<std::string> batches;
  int deaths = 0;
  int missed = 0; // The batch had ended when the disk was full.
  double slowest = 0;
  for (int i = 0; i < runs; ++i) {
    INFO("run " << i);
    batches.push_back(on.submit());
    on.await_lines(batches.back(), static_cast<uint64_t>(i * 37 % 200));
    wait_until("it waits or is dead", [&] {
      on.fill(0);
      return !on.daemon().running() || on.stands();
    });
    const auto seen = on.rota({"batch", batches.back(), "--json"});
    const auto before
      = seen.code == 0 ? json::parse(seen.out)["succeeded"].get<uint64_t>() : 0;
    on.make_room();
    if (on.daemon().running() && before == lines) {
      ++missed;
      continue;
    }
    const auto freed = std::chrono::steady_clock::now();
    if (!on.daemon().running()) { // RocksDB's own assertion, say.
      ++deaths;
      std::printf("death: %d: %s\n", on.daemon().wait(),
                  on.daemon().err().c_str());
      on.restart();
    }
    wait_until(
      "lines end again",
      [&] {
        const auto now = on.rota({"batch", batches.back(), "--json"});
        return now.code == 0 && json::parse(now.out)["succeeded"] > before;
      },
      patience);
    slowest = std::max(slowest,
                       std::chrono::duration<double>(
                         std::chrono::steady_clock::now() - freed)
                         .count());
    check_output(on, batches.back(), lines);
  }
  CHECK(missed < runs);
  for (const auto& x : batches)
    check_output(on, x, lines);
  check_books(on, lines * batches.size());
  std::printf("disk: filled %d times, the journal waited %zu times, %d deaths,"
              " at most %.1f s until it went on\n",
              runs - missed, on.times_full(), deaths, slowest);
  CHECK(on.stop() == 0);
  check_store(on);
}
