// A clock that jumps, and providers that break off: every line ends once, and
// whatever was charged beyond our books is listed in doubt.

#include "tests/e2e/audit.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <ctime>
#include <fstream>

using namespace rota;

namespace {

constexpr auto sim_file = R"(
accounts:
  - {name: a, key: key-a, balance: 3000.00}
  - {name: b, key: key-b, balance: 3000.00}
prices: {default: {input: 0.25, output: 2.00}}
latency: {first_byte: {distribution: uniform, min: 5ms, max: 25ms}}
)";

constexpr auto accounts = R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 3000.00}}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B, balance: {initial: 3000.00}}
)";

/// Of "2026-11-25T20:35:02.213Z".
int64_t seconds_of(const std::string& text) {
  std::tm x{};
  REQUIRE(::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &x) != nullptr);
  return ::timegm(&x);
}

} // namespace

TEST_CASE("a clock that jumps by an hour changes no books", "[e2e][crash]") {
  constexpr uint64_t lines = 300;
  stage on{sim_file};
  on.set_clock(0);
  // Doubts last until a wall time, since a start knows no other: they must
  // outlast the jumps, or some are assumed charged before we look.
  on.start(std::string{accounts} + "store: {doubt_grace: 1d}\n");
  write_file(on.dir / "jobs.jsonl", chat_lines(lines));
  uint64_t batches = 0;
  for (const int64_t step : {3'600, -3'600, 0}) {
    INFO(step);
    const auto batch
      = on.ask({"submit", on.dir / "jobs.jsonl"})["id"].get<std::string>();
    ++batches;
    wait_until("progress", [&] {
      return on.ask({"batch", batch})["succeeded"].get<uint64_t>() >= 50;
    });
    on.set_clock(step); // While it runs,
    wait_until("progress", [&] {
      return on.ask({"batch", batch})["succeeded"].get<uint64_t>() >= 100;
    });
    on.kill();
    on.restart(); // and from the next start on.
    // It is seen, or this shows nothing.
    const auto away = seconds_of(on.ask({"status"})["started_at"])
                      - std::time(nullptr);
    CHECK(std::abs(away - step) < 600);
    check_output(on, batch, lines);
  }
  check_books(on, lines * batches);
  CHECK(on.stop() == 0);
  check_store(on);
}

TEST_CASE("a provider that resets the connection leaves no line behind",
          "[e2e][crash]") {
  const auto where
    = GENERATE(as<std::string>{}, "{reset: before_headers}",
               "{reset: after_headers}", "{reset: {at_byte: 0}}",
               "{reset: {at_byte: 1}}", "{reset: {at_byte: 40}}",
               "{reset: {at_byte: 200}}", "{reset: {at_byte: 400}}",
               "{truncate: 100}");
  INFO(where);
  constexpr uint64_t lines = 60;
  stage on{std::string{sim_file} + "script:\n  - {name: break, match: {every: 7},"
           " action: " + where + "}\n"};
  // As often as it takes: how often a line may be charged is not asked here.
  on.start(std::string{accounts}
           + "routing: {attempts: 20, billed_attempts: 20}\n");
  write_file(on.dir / "jobs.jsonl", chat_lines(lines));
  const auto batch
    = on.ask({"submit", on.dir / "jobs.jsonl"})["id"].get<std::string>();
  check_output(on, batch, lines);
  const auto books = on.books();
  CHECK(books["calls"].get<uint64_t>() > lines); // Some broke off.
  check_books(on, lines);
  CHECK(on.stop() == 0);
  check_store(on);
}
