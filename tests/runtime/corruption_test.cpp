// Damage anywhere in what is on disk: the store is refused with a sentence, or
// the check finds it, or nothing that was acknowledged is missing. Silently
// less is the only failure. Each site is a seed, and replays by its number:
// ROTA_SITES=1 ROTA_SEED=n runtime_tests "as many damaged sites as asked"

#include "runtime/storage/codec.hpp"
#include "runtime/storage/digest.hpp"
#include "runtime/storage/files.hpp"
#include "tests/runtime/damage.hpp"
#include "tests/runtime/full_state.hpp"
#include "tests/support/catch.hpp"

#include <unistd.h>

#include <cstdlib>
#include <sstream>

using namespace rota;

namespace {

constexpr auto image_variable = "ROTA_TEST_IMAGE";
constexpr auto from_variable = "ROTA_TEST_FROM";
constexpr auto to_variable = "ROTA_TEST_TO";
constexpr auto checked_variable = "ROTA_TEST_CHECKED";

/// Sites that one child takes on, unless RocksDB aborts it.
constexpr uint64_t chunk = 25;

uint64_t number(const char* variable, uint64_t otherwise) {
  const auto text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

// -- in the child -------------------------------------------------------------

void say(const std::string& line) {
  const auto text = line + '\n';
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0)
    _exit(5);
}

/// All that was acknowledged, as one digest.
/// @returns A word that is no digest if something cannot be read.
std::string everything(const store& disk, const std::string& batch_dir) {
  sha256 all;
  std::string record;
  auto good = true;
  auto heads = disk.heads();
  std::sort(heads.begin(), heads.end(), [](const auto& x, const auto& y) {
    return x.account < y.account;
  });
  for (auto& head : heads) {
    std::sort(head.holds.begin(), head.holds.end(),
              [](const auto& x, const auto& y) { return x.id < y.id; });
    encode(record, head);
    if (const auto row = disk.row_of(head.account))
      encode(record, *row);
    std::vector<ledger_entry> entries;
    good = good && disk.for_each_entry(head.account, [&](const auto& x) {
      entries.push_back(x);
    });
    encode(record, entries);
  }
  for (const auto& batch : disk.batches()) {
    encode(record, batch);
    good = good && disk.for_each_result(batch.id, 0, [&](const auto& x) {
      encode(record, x);
      return true;
    });
    for (const auto* ending : {".jsonl", ".skip", ".index", ".sha256"})
      record += content_of(batch_dir + "/" + to_string(batch.id) + ending)
                  .value_or("none");
  }
  all.write(record);
  return good ? all.finish() : "unreadable";
}

std::string opening(const std::string& dir, const std::string& expected) {
  auto failed = false;
  const auto opened = store::open(dir + "/store", {},
                                  [&failed](const auto&) { failed = true; });
  if (!opened.disk) {
    const auto& fault = opened.fault;
    const auto sentence = fault.find(dir) != std::string::npos
                          && fault.find('\n') == std::string::npos
                          && fault.ends_with('.');
    return (sentence ? "refused " : "mumbled ") + fault;
  }
  const auto found = everything(*opened.disk, dir + "/batches");
  return found == expected && !failed ? "whole" : "less";
}

/// A store that was refused is refused again: the first try has not changed it
/// into one that opens.
std::string opening_twice(const std::string& dir, const std::string& expected) {
  const auto first = opening(dir, expected);
  if (!first.starts_with("refused"))
    return first;
  const auto second = opening(dir, expected);
  return second.starts_with("refused") ? first : "changed, and then " + second;
}

std::string copy_of(const std::string& image, const temp_dir& dir) {
  const auto copy = dir / "state";
  std::filesystem::remove_all(copy);
  std::filesystem::copy(image, copy,
                        std::filesystem::copy_options::recursive);
  return copy;
}

// -- in the parent ------------------------------------------------------------

struct site {
  std::string what;
  std::string findings; ///< Their number; empty: the check did not survive.
  std::string opened;   ///< Empty: the opening did not survive.

  bool found() const {
    return findings != "0";
  }

  /// Why this must not be; empty if it may.
  std::string verdict() const {
    if (opened.starts_with("mumbled"))
      return "was refused without a proper sentence";
    if (opened.starts_with("changed"))
      return "was refused once, but not the second time";
    if (opened == "less" && !found())
      return "is silently less";
    if (!opened.starts_with("whole") && !found())
      return "was refused or aborted, but the check finds nothing";
    return {};
  }
};

struct tally {
  uint64_t refused = 0, whole = 0, found = 0, aborted = 0, harmless = 0,
           wrong = 0;
};

std::vector<std::string> child_command() {
  return {"/proc/self/exe", "damages a copy and opens it"};
}

/// Runs the sites from `from` in a child, as far as it comes.
/// @returns The first one that is left.
uint64_t run_chunk(uint64_t from, uint64_t to, bool checked,
                   std::map<uint64_t, site>& sites) {
  const temp_dir dir;
  process child{"child", dir, child_command(),
                {{image_variable, full_state::image().dir()},
                 {from_variable, std::to_string(from)},
                 {to_variable, std::to_string(to)},
                 {checked_variable, checked ? "1" : "0"}}};
  const auto code = child.wait();
  auto next = from;
  auto half = false;
  std::istringstream in{child.out()};
  for (std::string verb, line; in >> verb;) {
    uint64_t seed = 0;
    if (verb != "site" && verb != "checked" && verb != "opened") {
      std::getline(in, line); // Catch says something at the start.
      continue;
    }
    in >> seed;
    std::getline(in >> std::ws, line);
    auto& x = sites[seed];
    if (verb == "site")
      x.what = line;
    else if (verb == "checked")
      x.findings = line;
    else
      x.opened = line;
    next = seed + (verb == "opened");
    half = verb == "checked";
  }
  if (code == 0)
    return to;
  REQUIRE(code < 0); // Of a signal: RocksDB gave up.
  INFO(child.err());
  REQUIRE(sites.contains(next));
  return half || checked ? next + 1 : run_chunk(next, to, true, sites);
}

void run_sites(uint64_t from, uint64_t count) {
  std::map<uint64_t, site> sites;
  for (auto next = from; next < from + count;)
    next = run_chunk(next, std::min(next + chunk, from + count), false, sites);
  REQUIRE(sites.size() == count);
  tally all;
  for (const auto& [seed, x] : sites) {
    INFO("ROTA_SEED=" << seed << ": " << x.what << "; the check finds "
                      << x.findings << ", the opening: " << x.opened);
    CHECK(x.verdict() == "");
    all.wrong += !x.verdict().empty();
    all.refused += x.opened.starts_with("refused");
    all.aborted += x.opened.empty() || x.findings.empty();
    all.found += x.opened == "less";
    all.whole += x.opened == "whole" && x.found();
    all.harmless += x.opened == "whole" && !x.found();
  }
  std::ostringstream said;
  said << count << " sites from " << from << ": " << all.refused
       << " refused, " << all.found << " opened and found by the check, "
       << all.whole << " whole but found, " << all.harmless << " harmless, "
       << all.aborted << " aborted by RocksDB, " << all.wrong << " wrong";
  if (std::getenv("ROTA_SITES") != nullptr)
    say(said.str());
}

} // namespace

TEST_CASE("damages a copy and opens it", "[.child]") {
  const auto* image = std::getenv(image_variable);
  REQUIRE(image != nullptr);
  const temp_dir dir;
  std::string expected;
  {
    const auto copy = copy_of(image, dir);
    const auto opened = store::open(copy + "/store", {}, [](const auto&) {});
    REQUIRE(opened.fault == "");
    expected = everything(*opened.disk, copy + "/batches");
    REQUIRE(expected.size() == 64);
  }
  auto checked = number(checked_variable, 0) != 0;
  for (auto seed = number(from_variable, 1); seed < number(to_variable, 1);
       ++seed) {
    const auto copy = copy_of(image, dir);
    const auto name = std::to_string(seed) + ' ';
    say("site " + name + damage(copy, seed));
    if (!std::exchange(checked, false))
      say("checked " + name
          + std::to_string(
            check_store(full_state::target_in(copy)).finding_count));
    say("opened " + name + opening_twice(copy, expected));
  }
}

TEST_CASE("damage is never silent: sites 1 to 50", "[storage][corruption]") {
  run_sites(1, 50);
}

TEST_CASE("damage is never silent: sites 51 to 100", "[storage][corruption]") {
  run_sites(51, 50);
}

TEST_CASE("damage is never silent: sites 101 to 150",
          "[storage][corruption]") {
  run_sites(101, 50);
}

TEST_CASE("damage is never silent: sites 151 to 200",
          "[storage][corruption]") {
  run_sites(151, 50);
}

TEST_CASE("as many damaged sites as asked", "[.soak]") {
  run_sites(number("ROTA_SEED", 1), number("ROTA_SITES", 1'000));
}
