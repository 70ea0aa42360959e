#pragma once

#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <vector>

namespace rota {

inline const std::string sim_file = R"(
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 30.00}
prices: {default: {input: 0.25, output: 2.00}}
)";

inline const std::string accounts = R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}}
  - {name: b, provider: openai, base_url: SIM, api_key: env:KEY_B, balance: {initial: 30.00}}
)";

/// A daemon that has run a batch.
struct scene : stage {
  scene() : stage{sim_file} {
    start(accounts);
    run_batch(30);
  }

  void run_batch(size_t lines) {
    write_file(dir / "jobs.jsonl", chat_lines(lines));
    REQUIRE(rota({"submit", dir / "jobs.jsonl", "--wait"}).code == 0);
  }

  std::string state_dir() const {
    return dir / "state";
  }

  run_result offline(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--state-dir", state_dir()});
    return rota(arguments);
  }

  json check() {
    auto x = offline({"fsck", "--json"});
    INFO(x.out << x.err);
    REQUIRE((x.code == 0 || x.code == 1));
    return json::parse(x.out);
  }
};

} // namespace rota
