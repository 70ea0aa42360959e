// Many requests of all protocols, with faults and clients that leave: in the
// end the books are the provider's, but for what is listed as in doubt.
// ROTA_MIXED says how many requests (default 3000), ROTA_SEED what they are.

#include "tests/e2e/audit.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/load_client.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>

using namespace rota;

namespace {

constexpr size_t clients = 24;

uint64_t number(const char* variable, uint64_t otherwise) {
  const auto text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

// Five in a hundred calls fail, some of them charged. All answers are longer
// than what comes of those that break off. Whoever asks gpt-5-nano leaves, and
// the rest of his stream never comes: it is certain then that nobody knows what
// became of his call.
const std::string provider = R"(
seed: 7
calls_kept: 10000000
accounts:
  - {name: a, key: key-a, balance: 30000.00, style: openai}
  - {name: b, key: key-b, balance: 30000.00, style: openai, multiplier: 0.8}
  - {name: c, key: key-c, balance: 30000.00, style: openai, multiplier: 1.37}
  - {name: d, key: key-d, balance: 30000.00, style: openai}
prices:
  gpt-5-mini: {input: 0.25, output: 2, cache_read: 0.025}
  gpt-5-nano: {input: 0.05, output: 0.4, cache_read: 0.005}
  claude-sonnet-4-5: {input: 3, output: 15, cache_read: 0.3, cache_write_5m: 3.75, cache_write_1h: 6}
  gemini-2.5-flash: {input: 0.3, output: 2.5, cache_read: 0.03}
  text-embedding-3-small: {input: 0.02}
replies:
  output_tokens: {min: 20, max: 200}
  cached_share: {min: 0, max: 0.6}
  cache_write_share: {min: 0, max: 0.3}
  cache_write_1h_share: {min: 0, max: 1}
  reasoning_share: {min: 0, max: 0.5}
script:
  - {name: left, match: {model: gpt-5-nano}, action: {stall: forever, at_byte: 1100}}
  - {name: 500, match: {probability: 0.015}, action: {status: 500}}
  - {name: 429, match: {probability: 0.010}, action: {status: 429}}
  - {name: empty, match: {probability: 0.005}, action: {empty: true}}
  - {name: page, match: {probability: 0.005}, action: {html: true}}
  - {name: cut, match: {probability: 0.005}, action: {truncate: 60}}
  - {name: reset, match: {probability: 0.005}, action: {reset: {at_byte: 90}}}
  - {name: torn, match: {path: "/v1beta/models/gemini-2.5-flash:streamGenerateContent", probability: 0.040}, action: {truncate: 700}}
)";

std::string pool() {
  std::string result = R"(
health: {eject_after: 50, eject_base: 100ms, eject_max: 100ms, cooldown_base: 100ms, cooldown_max: 100ms}
store: {durability: process}
accounts:
)";
  for (const auto& [name, factor] :
       std::map<char, const char*>{
         {'a', "1"}, {'b', "0.8"}, {'c', "1.37"}, {'d', "1"}})
    result += std::string{"  - {name: "} + name
              + ", provider: new_api, base_url: SIM, api_key: env:KEY_"
              + static_cast<char>(name - 'a' + 'A') + ", multiplier: " + factor
              + ", balance: {initial: 30000.00}, max_in_flight: 32}\n";
  return result;
}

std::string words(std::mt19937_64& draw) {
  std::string text;
  for (auto n = 1 + draw() % 300; n > 0; --n)
    text += "word" + std::to_string(draw() % 100) + ' ';
  return text;
}

/// The n-th request of a seed.
load_request request(uint64_t seed, size_t i) {
  std::mt19937_64 draw{seed * 1'000'003 + i};
  const auto stream = draw() % 2 == 0;
  const auto text = '"' + words(draw) + '"';
  const auto streamed = std::string{stream ? R"("stream":true,)" : ""};
  const auto chat = R"("messages":[{"role":"user","content":)" + text + "}]}";
  load_request x;
  x.headers = {"x-rota-job: " + std::to_string(i)};
  switch (draw() % 100) {
    case 0:
    case 1:
      x.target = "/v1/chat/completions";
      x.body = R"({"model":"gpt-5-nano","stream":true,)" + chat;
      x.leaves = true;
      return x;
    case 2:
    case 3:
    case 4:
      x.target = "/v1/embeddings";
      x.body = R"({"model":"text-embedding-3-small","input":)" + text + '}';
      return x;
  }
  switch (draw() % 4) {
    case 0:
      x.target = "/v1/chat/completions";
      x.body = R"({"model":"gpt-5-mini",)" + streamed + chat;
      break;
    case 1:
      x.target = "/v1/responses";
      x.body = R"({"model":"gpt-5-mini",)" + streamed + R"("input":)" + text
               + '}';
      break;
    case 2:
      x.target = "/v1/messages";
      x.headers.push_back("anthropic-version: 2023-06-01");
      x.body = R"({"model":"claude-sonnet-4-5","max_tokens":150,)" + streamed
               + chat;
      break;
    default:
      x.target = std::string{"/v1beta/models/gemini-2.5-flash:"}
                 + (stream ? "streamGenerateContent?alt=sse"
                           : "generateContent");
      x.body = R"({"contents":[{"role":"user","parts":[{"text":)" + text
               + "}]}]}";
  }
  return x;
}

/// What the provider has of one account.
struct provider_side {
  money sound;    ///< Charged for calls whose answers came whole.
  money doubtful; ///< Charged for calls that broke off or were left.
  uint64_t broken = 0;
  uint64_t calls = 0;
};

std::map<std::string, provider_side> provider_sides(stage& on) {
  std::map<std::string, provider_side> result;
  const auto rows = on.books("/sim/calls?limit=10000000")["calls"];
  for (const auto& row : rows) {
    auto& side = result[row["account"]];
    ++side.calls;
    if (row["charged"] != true)
      continue;
    const auto action = row["action"].get<std::string>();
    (action.empty() ? side.sound : side.doubtful) += usd(row["charge"]);
    side.broken += !action.empty();
  }
  return result;
}

} // namespace

TEST_CASE("after mixed requests the books are the provider's", "[e2e][load]") {
  const auto count = number("ROTA_MIXED", 3'000);
  const auto seed = number("ROTA_SEED", 1);
  INFO("ROTA_MIXED=" << count << " ROTA_SEED=" << seed);
  stage on{provider};
  on.start(pool());
  std::map<int, uint64_t> statuses;
  const auto odd = drive(
    on.api_port(), count, clients,
    [seed](size_t i) { return request(seed, i); },
    [&](size_t i, const load_reply& x) -> std::string {
      ++statuses[x.status];
      if (x.status == 200 && x.broken.empty() == !request(seed, i).leaves)
        return {};
      return std::to_string(x.status) + ' ' + x.broken + ' '
             + x.body.substr(0, 200);
    });
  wait_until("all calls have ended", [&on] {
    for (const auto& x : on.ask({"accounts"}))
      if (x["in_flight"] != 0)
        return false;
    return true;
  });
  CHECK(statuses.count(0) == 0); // Nobody waited in vain.
  CHECK(odd.size() < count / 100);
  const auto sides = provider_sides(on);
  const auto books = on.books();
  uint64_t calls = 0;
  uint64_t doubts = 0;
  money sound;
  money doubtful;
  for (const auto& x : on.ask({"accounts"})) {
    const auto& side = sides.at(x["name"]);
    INFO(x.dump());
    CHECK(to_string(usd(x["spent"])) == to_string(side.sound));
    CHECK(x["in_doubt"] >= side.broken);
    CHECK(usd(x["in_doubt_amount"]) >= side.doubtful);
    calls += side.calls;
    doubts += x["in_doubt"].get<uint64_t>();
    sound += side.sound;
    doubtful += side.doubtful;
  }
  CHECK(usd(books["total_charged"]) == sound + doubtful);
  CHECK(calls == books["calls"]);
  std::printf("%lu requests, %lu calls: %s USD booked to the nanodollar, "
              "%s USD of %lu calls in doubt\n",
              count, calls, to_string(sound).c_str(),
              to_string(doubtful).c_str(), doubts);
  for (const auto& [status, n] : statuses)
    std::printf("  status %d: %lu\n", status, n);
  std::printf("  %zu requests saw a fault\n", odd.size());
  for (size_t i = 0; i < std::min<size_t>(odd.size(), 8); ++i)
    std::printf("  %s\n", odd[i].c_str());
  CHECK(on.stop() == 0);
  check_store(on);
}
