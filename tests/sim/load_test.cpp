// The simulator's file: what it may say, and every fault at once.

#include "tests/support/catch.hpp"

#include "tests/support/text_file.hpp"
#include "tools/sim/load.hpp"
#include "tools/sim/reader.hpp"

using namespace rota::sim;
using namespace std::chrono_literals;

namespace {

const std::string good = "prices: {default: {input: 1, output: 4}}\n"
                         "accounts: [{key: k, balance: 5}]\n";

} // namespace

TEST_CASE("durations have a unit", "[sim]") {
  CHECK(parse_duration("0") == 0us);
  CHECK(parse_duration("5us") == 5us);
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("1.5s") == 1'500ms);
  CHECK(parse_duration("2m") == 2min);
  CHECK(parse_duration("3h") == 3h);
  for (const auto text : {"", "5", "ms", "-1s", "1e3s", "1 s", "99999999999h"})
    CHECK_FALSE(parse_duration(text));
}

TEST_CASE("the simulator's example is sound", "[sim]") {
  const auto x = load_options(ROTA_SOURCE_DIR "/tools/sim/example.yaml");
  CHECK(x.faults == std::vector<std::string>{});
  REQUIRE(x.opts.accounts.size() == 3);
  CHECK(x.opts.accounts[1].multiplier_ppm == 800'000);
  CHECK(x.opts.accounts[1].posting_lag == 2s);
  CHECK(x.opts.prices.at("gpt-5-mini").cache_read == 25'000);
  REQUIRE(x.opts.script.size() == 3);
  CHECK(x.opts.script[2].match.after == 10min);
}

TEST_CASE("the simulator's example shows the defaults", "[sim]") {
  const auto x = load_options(ROTA_SOURCE_DIR "/tools/sim/example.yaml").opts;
  const options y;
  CHECK(x.listen == y.listen);
  CHECK(x.seed == y.seed);
  CHECK(x.style == y.style);
  CHECK(x.latency.first_byte.is == y.latency.first_byte.is);
  CHECK(x.latency.per_chunk.is == y.latency.per_chunk.is);
  CHECK(x.replies.output_tokens.min == y.replies.output_tokens.min);
  CHECK(x.replies.output_tokens.max == y.replies.output_tokens.max);
  CHECK(x.replies.cached_share.max == y.replies.cached_share.max);
  CHECK(x.replies.reasoning_share.max == y.replies.reasoning_share.max);
  CHECK(x.replies.chunks == y.replies.chunks);
  CHECK(x.replies.embedding_dimensions == y.replies.embedding_dimensions);
  CHECK(x.calls_kept == y.calls_kept);
  CHECK(x.executions_kept == y.executions_kept);
  CHECK(x.body_bytes_max == y.body_bytes_max);
  const account_options account;
  const auto& first = x.accounts.at(0);
  CHECK(first.multiplier_ppm == account.multiplier_ppm);
  CHECK(first.models == account.models);
  CHECK(first.group == account.group);
  CHECK(first.posting_lag == account.posting_lag);
  CHECK(first.may_overdraw == account.may_overdraw);
  CHECK(first.quantum == account.quantum);
  CHECK(first.style == account.style);
}

TEST_CASE("what a price leaves out follows from what it gives", "[sim]") {
  const auto x = parse_options("accounts: [{key: k, balance: 1}]\n"
                               "prices:\n"
                               "  a: {input: 2}\n"
                               "  b: {input: 2, cache_write_5m: 2.5}\n",
                               "f");
  REQUIRE(x.faults.empty());
  const auto& a = x.opts.prices.at("a");
  CHECK(a.output == 0);
  CHECK(a.cache_read == 2'000'000);
  CHECK(a.cache_write_1h == 2'000'000);
  CHECK(x.opts.prices.at("b").cache_write_1h == 2'500'000);
}

TEST_CASE("every fault is reported at once, with its line", "[sim]") {
  const auto x =
      parse_options("listen: 127.0.0.1:0\n"                        // 1
                    "colour: red\n"                                // 2
                    "seed: -4\n"                                   // 3
                    "latency:\n"                                   // 4
                    "  first_byte: {distribution: gauss}\n"        // 5
                    "  per_chunk: soon\n"                          // 6
                    "prices:\n"                                    // 7
                    "  m: {input: 0.0000001}\n"                    // 8
                    "accounts:\n"                                  // 9
                    "  - {key: a, balance: much}\n"                // 10
                    "  - {key: a, balance: 1, overdraft: maybe}\n" // 11
                    "  - {balance: 1, user_id: 7}\n"               // 12
                    "script:\n"                                    // 13
                    "  - match: {key: zzz, every: 0}\n"            // 14
                    "  - action: {status: 500, empty: true}\n"     // 15
                    "  - match: {model: m}\n"                      // 16
                    "    action: {top_up: 1}\n"                    // 17
                    "seed: 5\n",                                   // 18
                    "sim.yaml");
  const std::vector<std::string> expected{
      "sim.yaml:2: colour: is no option here;",
      "sim.yaml:3: seed: '-4' must be a whole number",
      "sim.yaml:5: latency.first_byte.distribution: 'gauss' must be one of",
      "sim.yaml:6: latency.per_chunk: 'soon' must be a duration",
      "sim.yaml:8: prices.m.input: '0.0000001' must be a decimal",
      "sim.yaml:10: accounts[0].balance: 'much' must be a decimal",
      "sim.yaml:11: accounts[1].overdraft: 'maybe' must be one of",
      "sim.yaml:11: accounts[1].key: another account has it",
      "sim.yaml:12: accounts[2].key: is missing",
      "sim.yaml:12: accounts[2].access_token: goes with `user_id`",
      "sim.yaml:14: script[0].action: is missing",
      "sim.yaml:14: script[0].match.every: '0' must be a whole number",
      "sim.yaml:14: script[0].match.key: no account has it",
      "sim.yaml:15: script[1].action.empty: stands beside `status`",
      "sim.yaml:16: script[2].match: a rule that moves money",
      "sim.yaml:18: seed: stands here twice",
  };
  REQUIRE(x.faults.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    CHECK_THAT(x.faults[i], rota::ContainsSubstring(expected[i]));
}

TEST_CASE("a file that is no map, no YAML or not there is one fault", "[sim]") {
  CHECK(parse_options("", "f").faults.size() == 1);
  CHECK(parse_options("- a\n", "f").faults.size() == 1);
  const auto torn = parse_options("seed: 1\nlisten: [\n", "f");
  REQUIRE(torn.faults.size() == 1);
  CHECK_THAT(torn.faults[0], rota::ContainsSubstring("syntax"));
  CHECK_THAT(load_options("/nowhere/sim.yaml").faults.at(0),
             rota::ContainsSubstring("/nowhere/sim.yaml:1: file: cannot be"));
  CHECK(load_options("/").faults.size() == 1);
  CHECK(parse_options("{}", "f").faults.size() == 2); // prices, accounts
}

TEST_CASE("values of the wrong shape are faults, not crashes", "[sim]") {
  for (const auto line :
       {"seed: [1]",
        "listen: {a: b}",
        "latency: 5ms",
        "replies: []",
        "latency: {first_byte: [1]}",
        "replies: {output_tokens: [1]}",
        "replies: {output_tokens: {min: 5, max: 2}}",
        "latency: {first_byte: {distribution: uniform, min: 2s, max: 1s}}",
        "latency: {first_byte: {distribution: fixed}}",
        "script: 5",
        "script: [5]",
        "script: [{action: 5}]",
        "script: [{match: 5, action: "
        "{delay: 1s}}]",
        "script: [{action: {}}]",
        "script: [{action: {status: 99}}]",
        "script: [{action: {reset: soon}}]",
        "script: [{action: {reset: {at_byte: -1}}}]",
        "script: [{action: {status: 500, headers: [a]}}]",
        "script: [{action: {delay: 1s, body: x}}]",
        "script: [{action: {html: false}}]",
        "script: [{action: {status: 500, body_file: /nowhere/x}}]",
        "script: [{match: {after: 2s, until: 1s}, action: {delay: 1s}}]"}) {
    INFO(line);
    CHECK(parse_options(good + line + "\n", "f").faults.size() == 1);
  }
  CHECK(parse_options(good, "f").faults.empty());
}

TEST_CASE("actions are read", "[sim]") {
  const auto x = parse_options(
      good
          + "script:\n"
            "  - action: {status: 429, body: no, headers: {retry-after: 2},"
            " charge: true, delay: 1s}\n"
            "  - action: {reset: after_headers}\n"
            "  - action: {reset: {at_byte: 7}}\n"
            "  - action: {stall: forever, at_byte: 3}\n"
            "  - action: {stall: 2s}\n"
            "  - action: {status: 503, html: true}\n"
            "  - action: {truncate: 9}\n"
            "  - {name: rain, match: {account: account-1, after: 1s},"
            " action: {balance: -0.5}}\n",
      "f");
  CHECK(x.faults == std::vector<std::string>{});
  REQUIRE(x.opts.script.size() == 8);
  const auto action = [&x](size_t i) { return x.opts.script[i].action; };
  CHECK(action(0).is == deed::status);
  CHECK(action(0).body == "no");
  CHECK(action(0).charge == true);
  CHECK(action(0).headers.size() == 1);
  CHECK(action(0).delay == 1s);
  CHECK((action(1).is == deed::reset && action(1).at_byte == 0));
  CHECK((action(2).is == deed::reset && action(2).at_byte == 7));
  CHECK((action(3).is == deed::stall && !action(3).stall));
  CHECK(action(3).at_byte == 3);
  CHECK((action(4).stall == 2s && action(4).at_byte == -1));
  CHECK((action(5).is == deed::html && action(5).status == 503));
  CHECK((action(6).is == deed::truncate && action(6).at_byte == 9));
  CHECK((action(7).is == deed::balance
         && action(7).amount == -nanos_per_usd / 2));
  CHECK(x.opts.script[7].name == "rain");
  CHECK(x.opts.script[0].name == "#1");
}

TEST_CASE("a script alone may be JSON", "[sim]") {
  const auto known = parse_options(good, "f").opts;
  const auto x = parse_script(
      R"({"script": [{"match": {"key": "k"}, "action": {"status": 500}}]})",
      known);
  CHECK(x.faults.empty());
  CHECK(x.rules.size() == 1);
  CHECK(parse_script("[]", known).faults.empty());
  CHECK(parse_script("{}", known).faults.size() == 1);
  CHECK(parse_script("{", known).faults.size() == 1);
}
