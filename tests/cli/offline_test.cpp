// What is done apart, because RocksDB may abort over a damaged file.

#include "tools/rota/offline.hpp"

#include "messages/check.hpp"
#include "tests/support/catch.hpp"

#include <csignal>

using namespace rota;
using namespace rota::cli;

TEST_CASE("what runs apart says how it ended", "[cli]") {
  CHECK(run_apart([] { return 0; }) == 0);
  CHECK(run_apart([] { return 3; }) == 3);
  CHECK(run_apart([]() -> int { throw std::runtime_error{"no"}; }) == 1);
  std::string told;
  const auto died = [&told](const std::string& said) {
    told = said;
    return 7;
  };
  const auto code = run_apart([] { return raise(SIGABRT); }, died);
  CHECK(code == 7);
  CHECK_THAT(told, ContainsSubstring("gave up over a file of the store"));
  CHECK_THAT(told, ContainsSubstring("Aborted"));
  CHECK_THROWS_AS(run_apart([] { return raise(SIGABRT); }),
                  std::runtime_error);
}

TEST_CASE("a file is not blamed for what none has caused", "[cli]") {
  const auto fault_of = [](const std::function<int()>& f) {
    try {
      run_apart(f, [](const auto&) { return 7; });
    } catch (const std::runtime_error& e) {
      return std::string{e.what()};
    }
    return std::string{"nothing was thrown"};
  };
  CHECK_THAT(fault_of([] { return raise(SIGKILL); }),
             ContainsSubstring("ended from outside (Killed)"));
  CHECK_THAT(fault_of([] {
               ROTA_CHECK(raise(0) != 0, "a rule");
               return 0;
             }),
             ContainsSubstring("says nothing about the store"));
}
