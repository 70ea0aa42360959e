// The daemon dies at each of its kill points, and nothing is lost or doubled.
// Each is met three times; ROTA_ROUNDS says how often instead.

#include "tests/e2e/audit.hpp"
#include "tests/support/catch.hpp"

#include <cstdio>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <set>

namespace fs = std::filesystem;

using namespace rota;

namespace {

using names = std::vector<std::string>;

constexpr uint64_t lines = 40;

constexpr auto sim_file = R"(
accounts:
  - {name: a, key: key-a, balance: 3000.00}
  - {name: b, key: key-b, balance: 3000.00}
prices: {default: {input: 0.25, output: 2.00}}
latency: {first_byte: {distribution: uniform, min: 1ms, max: 5ms}}
)";

constexpr auto accounts = R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 3000.00}}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B, balance: {initial: 3000.00}}
)";

// Passed by each start and stop.
const names around{"run/before",  "run/after",   "head/before", "head/written",
                   "head/synced", "sync/before", "sync/after",  "stop/begun",
                   "stop/marked"};
// Passed by each file that is handed in.
const names submitting{"submit/checked", "submit/numbered", "submit/accepted",
                       "submit/started", "seal/skips",      "seal/index",
                       "seal/digest",
                       "seal/synced",    "seal/renamed",    "seal/done"};
// Passed again and again while a batch runs.
const names running{"group/taken",   "hold/before",   "hold/after",
                    "settle/before", "settle/after",  "result/before",
                    "result/after",  "ack/before",    "ack/after",
                    "send/before",   "send/after",    "outcome/before",
                    "outcome/after"};
// Passed when a batch begins and when it ends.
const names changing{"batch/before", "batch/after"};
const names unsynced{"log/before", "log/after"};
// Passed by the first start on a new store, or on one of an earlier schema.
const names making{"head/made", "head/renamed", "run/before", "run/after"};
const names migrating{"migrate/copied", "migrate/segments", "migrate/step",
                      "migrate/heads",  "head/made",        "head/renamed",
                      "run/before",     "run/after"};

int rounds() {
  const auto* text = std::getenv("ROTA_ROUNDS");
  return text != nullptr ? std::atoi(text) : 3;
}

/// Counts what was done, for whoever reads the log.
struct tally {
  const char* what;
  int deaths = 0;

  ~tally() {
    std::printf("%s: %d deaths\n", what, deaths);
  }
};

/// Starts the daemon, hands in a file, stops it; it must die on the way.
void run_into(stage& on, const std::string& point, int nth) {
  on.die_at(point, nth);
  on.launch();
  auto& daemon = on.daemon();
  wait_until("rotad is ready or dead", [&] {
    return !daemon.running()
           || daemon.err().find("is ready") != std::string::npos;
  });
  if (daemon.running())
    on.rota({"submit", on.dir / "jobs.jsonl"});
  wait_until("rotad is dead or idle", [&] {
    if (!daemon.running())
      return true;
    const auto status = on.rota({"status", "--json"});
    return status.code == 0
           && json::parse(status.out)["batches"]["running"] == 0;
  });
  daemon.signal(SIGTERM);
  CHECK(daemon.wait() == -SIGKILL);
  on.die_at("", 0);
}

/// What must be true afterwards.
/// @param batches How many there are in all by now, each of `lines`.
void check_all(stage& on, size_t batches) {
  on.restart();
  if (on.ask({"batches"}).size() < batches)
    on.ask({"submit", on.dir / "jobs.jsonl"});
  const auto found = on.ask({"batches"});
  REQUIRE(found.size() == batches); // Accepted once, whatever was heard of it.
  for (const auto& x : found)
    on.finish(x["id"]);
  check_output(on, found.back()["id"], lines);
  check_output(on, found.front()["id"], lines);
  check_books(on, lines * batches);
  CHECK(on.stop() == 0);
  check_store(on);
}

void die_at_all(const char* what, const names& points,
                const std::vector<int>& passes, const char* more = "") {
  tally count{what};
  stage on{sim_file};
  on.rewrite(std::string{accounts} + more);
  write_file(on.dir / "jobs.jsonl", chat_lines(lines));
  size_t batches = 0;
  for (int round = 0; round < rounds(); ++round)
    for (const auto& point : points) {
      const auto nth = passes[static_cast<size_t>(round) % passes.size()];
      INFO(point << ':' << nth);
      run_into(on, point, nth);
      check_all(on, ++batches);
      ++count.deaths;
    }
}

} // namespace

TEST_CASE("rotad may die while it starts and stops", "[e2e][points]") {
  die_at_all("start and stop", around, {1});
}

TEST_CASE("rotad may die while it takes in a file", "[e2e][points]") {
  die_at_all("submitting", submitting, {1});
}

TEST_CASE("rotad may die while a batch runs", "[e2e][points]") {
  die_at_all("changing", changing, {1, 2});
  die_at_all("running", running, {1, 2, 3});
  die_at_all("running, later", {"hold/after", "send/before", "send/after",
                                "outcome/before", "settle/before",
                                "settle/after", "result/after"},
             {11, 23, 37});
}

TEST_CASE("rotad may die before it has synced", "[e2e][points]") {
  die_at_all("process durability", unsynced, {1, 2, 5},
             "store: {durability: process}\n");
}

TEST_CASE("rotad may die while it makes a store", "[e2e][points]") {
  tally count{"making"};
  for (int round = 0; round < rounds(); ++round)
    for (const auto& point : making) {
      INFO(point);
      stage on{sim_file};
      on.rewrite(accounts);
      write_file(on.dir / "jobs.jsonl", chat_lines(lines));
      run_into(on, point, 1);
      check_all(on, 1);
      ++count.deaths;
    }
}

TEST_CASE("rotad may die while it migrates a store", "[e2e][points]") {
  tally count{"migrating"};
  for (int round = 0; round < rounds(); ++round)
    for (const auto& point : migrating)
      for (const auto* schema : {"1", "2"}) {
        if (point == "migrate/step" && *schema == '2')
          continue; // It rewrites nothing.
        INFO(point << " from schema " << schema);
        stage on{sim_file};
        const auto unpack = std::string{"tar -xzf " ROTA_TEST_DATA
                                        "/store/schema-"}
                            + schema + ".tar.gz -C " + on.dir.path().string();
        REQUIRE(std::system(unpack.c_str()) == 0);
        on.rewrite(accounts);
        run_into(on, point, 1);
        on.restart();
        CHECK(on.ask({"batches"}).size() == 2);
        CHECK(on.ask({"account", "b"})["calls"] == (*schema == '1' ? 136 : 148));
        CHECK(on.stop() == 0);
        check_store(on);
        ++count.deaths;
      }
}

TEST_CASE("every kill point is met", "[e2e][points]") {
  std::set<std::string> met;
  for (const auto* list :
       {&around, &submitting, &running, &changing, &unsynced, &making,
        &migrating})
    met.insert(list->begin(), list->end());
  std::set<std::string> named;
  const std::regex call{R"(kill_point\(([^;]*)\);)"};
  const std::regex name{"\"([^\"]+)\""};
  for (const auto& x :
       fs::recursive_directory_iterator{ROTA_SOURCE_DIR "/runtime"}) {
    if (x.path().extension() != ".cpp")
      continue;
    const auto text = read_file(x.path().string());
    for (std::sregex_iterator i{text.begin(), text.end(), call}, end; i != end;
         ++i) {
      const auto inside = (*i)[1].str();
      for (std::sregex_iterator j{inside.begin(), inside.end(), name};
           j != end; ++j)
        named.insert((*j)[1].str());
    }
  }
  CHECK(named.size() > 30);
  CHECK(met == named);
}
