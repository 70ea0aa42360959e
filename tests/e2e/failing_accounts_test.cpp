// Many requests while accounts fail: their clients must not see it.
// ROTA_REQUESTS says how many there are of each kind (default 600).

#include "tests/e2e/audit.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/load_client.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr size_t clients = 16;

size_t requests() {
  const auto text = std::getenv("ROTA_REQUESTS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 600;
}

// The bad one has the most money, so that it is always the first choice.
const std::string provider = R"(
accounts:
  - {name: a, key: key-a, balance: 9000.00, style: openai}
  - {name: b, key: key-b, balance: 3000.00, style: openai}
  - {name: c, key: key-c, balance: 3000.00, style: openai}
  - {name: d, key: key-d, balance: 3000.00, style: openai}
prices: {default: {input: 0.25, output: 2.00}}
latency: {first_byte: {distribution: uniform, min: 10ms, max: 20ms}}
)";

// The bad one has a host of its own: a wall concerns all accounts behind it.
std::string pool(const std::string& base_url, const std::string& more = {}) {
  const auto other = "http://localhost" + base_url.substr(base_url.rfind(':'));
  const auto line = [](const std::string& name, const std::string& key,
                       const std::string& url, const std::string& money) {
    return "  - {name: " + name + ", provider: openai, base_url: \"" + url
           + "\", api_key: env:KEY_" + key + ", balance: {initial: " + money
           + "}, max_in_flight: 16}\n";
  };
  return more + "accounts:\n" + line("a", "A", other, "9000.00")
         + line("b", "B", base_url, "3000.00")
         + line("c", "C", base_url, "3000.00")
         + line("d", "D", base_url, "3000.00");
}

load_request chat(size_t i) {
  const auto stream = i % 2 == 1;
  return {"/v1/chat/completions",
          std::string{R"({"model":"gpt-5-mini","max_tokens":64,)"}
            + (stream ? R"("stream":true,)" : "")
            + R"("messages":[{"role":"user","content":"Say )"
            + std::to_string(i) + R"( in French."}]})"};
}

/// What is wrong with an answer that its client should find good.
std::string fault_of(size_t i, const load_reply& x) {
  const auto whole = i % 2 == 1
                       ? x.body.find("data: [DONE]") != std::string::npos
                       : x.body.find("\"finish_reason\":") != std::string::npos;
  if (x.status == 200 && whole && x.broken.empty())
    return {};
  return std::to_string(x.status) + ' ' + x.broken + ' '
         + x.body.substr(0, 300);
}

json of(const json& accounts, const std::string& name) {
  for (const auto& x : accounts)
    if (x["name"] == name)
      return x;
  return {};
}

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t i = 0; (i = text.find(part, i)) != std::string::npos; ++i)
    ++n;
  return n;
}

void script(stage& on, const std::string& rules) {
  on.sim_post("/sim/script", "script:" + rules);
}

std::string joined(const std::vector<std::string>& list) {
  std::string result = std::to_string(list.size()) + " faults";
  for (size_t i = 0; i < std::min<size_t>(list.size(), 5); ++i)
    result += '\n' + list[i];
  return result;
}

} // namespace

TEST_CASE("one bad account of four is not seen, and spared", "[e2e][load]") {
  struct row {
    const char* action;
    const char* health;
    int64_t per_cooldown = 3; ///< So many calls at most.
    bool comes_back = true;   ///< Without a person.
  };
  // A page cools the model on that account, after which all that wait may try
  // at once; an account that was ejected is probed by one.
  const auto x = GENERATE(row{"{status: 500}", "ejected"},
                          row{"{status: 429}", "healthy"},
                          row{"{status: 401}", "ejected", 0, false},
                          row{"{empty: true}", "ejected"},
                          row{"{reset: before_headers}", "ejected"},
                          row{"{html: true}", "healthy", clients});
  INFO(x.action);
  stage on{provider};
  on.start(pool(on.base_url(), R"(
health: {eject_after: 3, eject_base: 400ms, eject_max: 400ms, cooldown_base: 400ms, cooldown_max: 400ms}
)"));
  script(on, std::string{"\n  - {match: {account: a}, action: "} + x.action
               + "}\n");
  const auto begin = std::chrono::steady_clock::now();
  const auto faults = drive(on.api_port(), requests(), clients, chat,
                            fault_of);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
    std::chrono::steady_clock::now() - begin);
  INFO(joined(faults));
  CHECK(faults.empty());
  const auto calls = of(on.books()["accounts"], "a")["calls"].get<int64_t>();
  const auto cooldowns = took / 400ms + 1;
  std::printf("%-24s %zu requests in %lld ms, %zu client errors, "
              "%lld calls on the bad one in %lld cooldowns\n",
              x.action, requests(), static_cast<long long>(took.count()),
              faults.size(), static_cast<long long>(calls),
              static_cast<long long>(cooldowns));
  // All clients at once may meet it before its first failure is known.
  CHECK(calls <= static_cast<int64_t>(clients) + x.per_cooldown * cooldowns);
  CHECK(of(on.ask({"accounts"}), "a")["failures"] >= 1);
  CHECK((of(on.ask({"accounts"}), "a")["health"] == x.health
         || of(on.ask({"accounts"}), "a")["health"] == "probing"));
  script(on, " []");
  if (!x.comes_back)
    on.ask({"account", "a", "ready"});
  auto n = requests(); // The conversations before stay where they are.
  wait_until("it serves again", [&] {
    CHECK(fault_of(n, drive(on.api_port(), chat(n))).empty());
    ++n;
    return of(on.books()["accounts"], "a")["charged_calls"] > 0;
  });
}

TEST_CASE("all accounts fail, and come back", "[e2e][load]") {
  stage on{provider};
  on.start(pool(on.base_url(), R"(
api: {request_timeout: 2s}
alerts: {interval: 200ms}
)"));
  script(on, "\n  - {match: {}, action: {status: 500}}\n");
  const auto port = on.api_port();
  const auto until = std::chrono::steady_clock::now() + 3s;
  int64_t slowest = 0;
  std::vector<std::string> faults;
  while (std::chrono::steady_clock::now() < until) {
    const auto more = drive(
      port, clients, clients, chat, [&](size_t, const load_reply& x) {
        slowest = std::max(slowest, x.took_ms);
        const auto good = (x.status == 502 || x.status == 503
                           || x.status == 504)
                          && x.body.starts_with("{\"error\":");
        return good ? std::string{} : std::to_string(x.status) + x.body;
      });
    faults.insert(faults.end(), more.begin(), more.end());
  }
  INFO(joined(faults));
  CHECK(faults.empty());
  CHECK(slowest < 3'500); // The deadline, and the second between two looks.
  script(on, " []");
  const auto begin = std::chrono::steady_clock::now();
  while (!fault_of(0, drive(port, chat(0))).empty())
    REQUIRE(std::chrono::steady_clock::now() - begin < 5s);
  const auto back = std::chrono::duration_cast<std::chrono::milliseconds>(
    std::chrono::steady_clock::now() - begin);
  std::printf("all failed for 3 s: answers within %lld ms, back after "
              "%lld ms\n",
              static_cast<long long>(slowest),
              static_cast<long long>(back.count()));
  CHECK(back < 1s);
  const std::string alert = "alert pool.all_failed is ";
  wait_until("the alert has ended", [&] {
    return count(on.daemon().err(), alert + "resolved") == 1;
  });
  CHECK(count(on.daemon().err(), alert + "firing") == 1);
}
