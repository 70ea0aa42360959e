// The lists beside the simulation: bugs that it must catch, and seeds that
// once failed.

#include "tests/simulation/black_box.hpp"
#include "tests/simulation/mutant_list.hpp"
#include "tests/support/catch.hpp"

#include <fstream>
#include <set>
#include <sstream>

using namespace rota::simulation;

namespace {

const std::string root = ROTA_SOURCE_DIR;
const std::string here = root + "/tests/simulation/";

} // namespace

TEST_CASE("every mutant still finds its place, once", "[simulation]") {
  const auto all = read_mutants(here + "mutants.txt");
  CHECK(all.size() >= 30);
  std::set<std::string> names;
  for (const auto& x : all) {
    INFO(x.name << " in " << x.file << ": " << x.find);
    CHECK(names.insert(x.name).second);
    CHECK(occurrences(x, root) == 1);
    CHECK(x.find != x.with);
    CHECK(!x.what.empty());
  }
}

TEST_CASE("a seed replays to the event", "[simulation]") {
  const auto core = run_core(17);
  CHECK(core.events > 100);
  CHECK(run_core(17).events == core.events);
  CHECK(run_core(17).virtual_ms == core.virtual_ms);
  CHECK(run_core(18).events != core.events);
  const auto actors = run_actors(17);
  CHECK(actors.events > 20);
  CHECK(run_actors(17).events == actors.events);
  CHECK(run_actors(17).virtual_ms == actors.virtual_ms);
}

TEST_CASE("a few seeds reach every kind of entry", "[simulation]") {
  const auto before = black_box::instance().judged();
  for (uint64_t seed = 1; seed <= 150; ++seed)
    run_core(seed);
  const auto& after = black_box::instance().judged();
  for (size_t i = 1; i < after.size(); ++i) {
    INFO(to_string(static_cast<rota::entry_kind>(i)));
    CHECK(after[i] - before[i] >= 10);
  }
}

TEST_CASE("seeds that failed once hold", "[simulation]") {
  std::ifstream in{here + "seeds.txt"};
  REQUIRE(in);
  size_t count = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#')
      continue;
    std::istringstream words{line};
    std::string kind;
    uint64_t seed = 0;
    std::string reason;
    words >> kind >> seed >> std::ws;
    std::getline(words, reason);
    INFO(line);
    REQUIRE((kind == "core" || kind == "actors"));
    REQUIRE(!reason.empty());
    try {
      kind == "core" ? run_core(seed) : run_actors(seed);
    } catch (const violation& x) {
      FAIL_CHECK(x.invariant << ", " << x.what);
    }
    ++count;
  }
  CHECK(count > 0);
}
