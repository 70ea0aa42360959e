// What the daemon takes of the machine: threads and memory.

#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/load_client.hpp"
#include "tests/support/raw_client.hpp"

#include <memory>

using namespace rota;

namespace {

std::string pool(int in_flight) {
  return R"(
accounts:
  - {name: a, provider: openai, base_url: SIM, api_key: env:KEY_A, balance: {initial: 30.00}, max_in_flight: )"
         + std::to_string(in_flight) + "}\n";
}

const std::string chat = R"({"model":"gpt-5-mini","max_tokens":40,"messages":[)"
                         R"({"role":"user","content":"hello"}]})";

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

} // namespace

TEST_CASE("a transfer takes no thread", "[e2e][resources]") {
  constexpr int transfers = 64;
  // Our own HTTP/1.1, and libcurl.
  const auto lane = GENERATE(as<std::string>{}, "true", "false");
  INFO("upstream.own_http1: " << lane);
  stage on{one_key + "latency: {first_byte: 60s}\n"};
  on.start(pool(transfers) + "upstream: {own_http1: " + lane + "}\n");
  const auto threads = [&on] { return on.daemon().figure("Threads"); };
  const auto idle = threads();
  const auto port = on.api_port();
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < transfers; ++i) {
    clients.push_back(std::make_unique<raw_client>(port));
    clients.back()->send("POST /v1/chat/completions HTTP/1.1\r\nHost: rota\r\n"
                         "Content-Length: " + std::to_string(chat.size())
                         + "\r\n\r\n" + chat);
  }
  wait_until("all are under way", [&] {
    return on.books("/sim/calls")["total"] == transfers;
  });
  CHECK(on.ask({"account", "a"})["in_flight"] == transfers);
  // Each of rota's own questions takes one for a moment.
  wait_until("there are as many threads as before",
             [&] { return threads() == idle; });
}

TEST_CASE("memory stays small, idle and after 256 connections",
          "[e2e][resources]") {
  if (is_sanitized) {
    WARN("SKIPPED: a sanitizer's own memory says nothing about rotad's");
    return;
  }
  constexpr uint64_t mb = 1'000; // The kernel counts in kB.
  constexpr size_t connections = 256;
  stage on{one_key + "latency: {first_byte: 60ms}\n"};
  on.start(pool(connections));
  const auto resident = [&on] { return on.daemon().figure("VmRSS"); };
  // Ready, it still lets go of the code that only the start needed.
  wait_until("it takes less than 20 MB",
             [&] { return resident() < 20 * mb; });
  const auto faults = drive(
    on.api_port(), 8 * connections, connections,
    [](size_t) { return load_request{"/v1/chat/completions", chat}; },
    [](size_t, const load_reply& x) {
      return x.status == 200 ? std::string{} : std::to_string(x.status);
    });
  CHECK(faults == std::vector<std::string>{});
  CHECK(resident() < 90 * mb);
}
