// Runs seeds of the simulation: `simulation --core 17`, `--actors 1..200`.

#include "tests/simulation/black_box.hpp"

#include <chrono>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

using namespace rota::simulation;

namespace {

constexpr auto usage
  = "usage: simulation (--core | --actors) (SEED | FROM..TO) [--trace]\n";

struct range {
  uint64_t from = 0;
  uint64_t to = 0;
};

std::optional<uint64_t> number(std::string_view text) {
  if (text.empty() || text.size() > 18
      || text.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  return std::strtoull(std::string{text}.c_str(), nullptr, 10);
}

std::optional<range> seeds_of(std::string_view text) {
  const auto dots = text.find("..");
  const auto from = number(text.substr(0, dots));
  const auto to = dots == std::string_view::npos ? from
                                                 : number(text.substr(dots + 2));
  if (!from || !to || *from > *to)
    return std::nullopt;
  return range{*from, *to};
}

/// Runs one seed. @returns Whether it held.
bool run(const char* kind, uint64_t seed,
         const std::function<run_report(uint64_t)>& one, run_report& sum) {
  try {
    const auto x = one(seed);
    sum.events += x.events;
    sum.virtual_ms += x.virtual_ms;
    return true;
  } catch (const violation& x) {
    const auto& box = black_box::instance();
    std::printf("%s seed %llu failed: %s, %s, at step %llu\n", kind,
                static_cast<unsigned long long>(seed), x.invariant.c_str(),
                x.what.c_str(), static_cast<unsigned long long>(box.events()));
    box.print(stdout);
    return false;
  }
}

} // namespace

int main(int argc, char** argv) {
  const auto traces = argc == 4 && std::string_view{argv[3]} == "--trace";
  const auto good = argc == 3 || traces;
  const auto kind = good ? std::string_view{argv[1]} : "";
  const auto seeds = good ? seeds_of(argv[2]) : std::nullopt;
  if (!seeds || (kind != "--core" && kind != "--actors")) {
    std::fputs(usage, stderr);
    return 2;
  }
  const auto core = kind == "--core";
  const auto name = core ? "core" : "actors";
  std::printf("%s seeds %s\n", name, argv[2]);
  std::fflush(stdout);
  black_box::instance().catch_aborts();
  if (traces)
    black_box::instance().echo();
  const auto began = std::chrono::steady_clock::now();
  run_report sum;
  uint64_t failed = 0;
  for (auto seed = seeds->from; seed <= seeds->to && failed == 0; ++seed)
    failed += !run(name, seed, core ? run_core : run_actors, sum);
  if (failed > 0)
    return 1;
  const auto took = std::chrono::duration<double>(
                      std::chrono::steady_clock::now() - began)
                      .count();
  const auto count = seeds->to - seeds->from + 1;
  std::printf("%llu seeds hold, %llu events, %.1f virtual hours, %.2f s\n",
              static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(sum.events),
              static_cast<double>(sum.virtual_ms) / 3.6e6, took);
  const auto& judged = black_box::instance().judged();
  std::printf("entries:");
  for (size_t i = 1; i < judged.size(); ++i)
    std::printf(" %llu %s%s", static_cast<unsigned long long>(judged[i]),
                to_string(static_cast<rota::entry_kind>(i)).c_str(),
                i + 1 < judged.size() ? "," : "\n");
  return 0;
}
