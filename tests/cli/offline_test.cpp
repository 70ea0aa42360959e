// What is done apart, because RocksDB may abort over a damaged file.

#include "tools/rota/offline.hpp"

#include "tests/support/catch.hpp"

#include <csignal>

using namespace rota;
using namespace rota::cli;

TEST_CASE("what runs apart says how it ended", "[cli]") {
  CHECK(run_apart([] { return 0; }) == 0);
  CHECK(run_apart([] { return 3; }) == 3);
  CHECK(run_apart([]() -> int { throw std::runtime_error{"no"}; }) == 1);
  std::string told;
  const auto code = run_apart([] { return raise(SIGKILL); },
                              [&told](const std::string& said) {
                                told = said;
                                return 7;
                              });
  CHECK(code == 7);
  CHECK_THAT(told, ContainsSubstring("gave up over a file of the store"));
  CHECK_THAT(told, ContainsSubstring("Killed"));
  CHECK_THROWS_AS(run_apart([] { return raise(SIGKILL); }),
                  std::runtime_error);
}
