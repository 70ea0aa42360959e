// kill -9 at random moments, the start and the rest included, again and again.
// ROTA_KILLS says how often (default 20), ROTA_SEED where to begin.

#include "tests/e2e/audit.hpp"
#include "tests/support/catch.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>

using namespace rota;

namespace {

constexpr uint64_t lines = 1'000;

uint64_t number(const char* variable, uint64_t otherwise) {
  const auto text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// Kills the daemon once the provider has answered some more calls, or at once,
/// while it starts.
void kill_after(stage& on, uint64_t calls) {
  if (calls > 0) {
    const auto until = on.books()["calls"].get<uint64_t>() + calls;
    wait_until("calls or the end of the batch", [&] {
      return on.books()["calls"].get<uint64_t>() >= until
             || on.ask({"status"})["batches"]["running"] == 0;
    });
  }
  on.kill();
}

} // namespace

TEST_CASE("nothing is lost or doubled however often rotad is killed",
          "[e2e][crash]") {
  const auto kills = number("ROTA_KILLS", 20);
  const auto seed = number("ROTA_SEED", 1);
  INFO("ROTA_KILLS=" << kills << " ROTA_SEED=" << seed);
  std::mt19937_64 draw{seed};
  stage on{R"(
accounts:
  - {name: a, key: key-a, balance: 3000.00}
  - {name: b, key: key-b, balance: 3000.00}
prices: {default: {input: 0.25, output: 2.00}}
latency: {first_byte: {distribution: uniform, min: 5ms, max: 25ms}}
)"};
  on.start(R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 3000.00}}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B, balance: {initial: 3000.00}}
)");
  write_file(on.dir / "jobs.jsonl", chat_lines(lines));
  const auto submit = [&on] {
    return on.ask({"submit", on.dir / "jobs.jsonl"})["id"].get<std::string>();
  };
  std::vector<std::string> batches{submit()};
  for (uint64_t n = 0; n < kills; ++n) {
    if (on.ask({"batch", batches.back()})["state"] == "completed")
      batches.push_back(submit());
    const auto before
      = on.ask({"batch", batches.back()})["succeeded"].get<uint64_t>();
    kill_after(on, draw() % 100);
    if (draw() % 4 == 0) { // Once more while it starts.
      on.launch();
      on.kill();
    }
    on.restart();
    // What was counted was on disk.
    CHECK(on.ask({"batch", batches.back()})["succeeded"].get<uint64_t>()
          >= before);
  }
  for (const auto& x : batches)
    check_output(on, x, lines, kills);
  check_books(on, lines * batches.size());
  std::printf("%lu kills, %zu batches of %lu lines\n", kills, batches.size(),
              lines);
  CHECK(on.stop() == 0);
  check_store(on);
}
