// Readings against the books, over real HTTP: doubts, strangers, wrong prices,
// and lines that may be sent once only.

#include "tests/e2e/stage.hpp"
#include "tests/support/catch.hpp"

#include "messages/money.hpp"

using namespace rota;

namespace {

constexpr int64_t dollar = 1'000'000'000;
constexpr money step{2'000};

money usd(const json& text) {
  return parse_money(text.get<std::string>()).value();
}

/// One account that is read every second, and whose calls and charges are
/// over within a few.
const std::string config = R"(
accounts:
  - name: a
    provider: new_api
    base_url: SIM
    api_key: env:KEY_A
    balance: {probe: newapi_token, posting_lag: 1s}
refresh: {interval: 1s, jitter_percent: 0}
upstream: {total_timeout: 1s}
store: {hold_margin: 1s}
alerts: {interval: 100ms, in_doubt: 0.00, unexplained_per_hour: 0.10}
)";

std::string sim(const std::string& account, const std::string& more = {}) {
  return "accounts:\n  - {name: a, key: key-a, balance: 20.00" + account
         + "}\nprices: {default: {input: 0.25, output: 2.00}}\n" + more;
}

struct pair_of_books {
  json ours;
  json theirs;
};

pair_of_books both(stage& on) {
  return {on.ask({"account", "a"}), on.books()["accounts"][0]};
}

/// Starts, and waits for the first reading.
void begin(stage& on) {
  on.start(config);
  wait_until("the first reading", [&on] {
    return usd(on.ask({"account", "a"})["available"]) == money{20 * dollar};
  });
}

bool fires(stage& on, const std::string& kind) {
  const auto status = on.ask({"status"});
  for (const auto& x : status["alerts"])
    if (x["kind"] == kind)
      return true;
  return false;
}

/// Hands in lines and waits for their end.
json serve(stage& on, size_t lines,
           const std::vector<std::string>& more = {}) {
  write_file(on.dir / "jobs.jsonl", chat_lines(lines));
  std::vector<std::string> command{"submit", on.dir / "jobs.jsonl"};
  command.insert(command.end(), more.begin(), more.end());
  return on.finish(on.ask(command)["id"]);
}

/// Whether our books are the provider's, but for the step.
bool agree(const pair_of_books& x) {
  const auto off = usd(x.ours["available"]) - usd(x.theirs["balance"]);
  return off <= step && off >= -(step + step);
}

} // namespace

TEST_CASE("a doubt ends by the reading that shows its charge", "[e2e]") {
  const auto [action, charged]
    = GENERATE(table<std::string, bool>({
      {"{reset: after_headers, charge: true}", true},
      {"{reset: after_headers, charge: false}", false},
    }));
  CAPTURE(action);
  stage on{sim(", posting_lag: 500ms", R"(
script:
  - match: {account: a, path: /v1/chat/completions, first: 1}
    action: )" + action + "\n")};
  begin(on);
  const auto batch = serve(on, 5, {"--policy", "at_most_once"});
  CHECK(batch["policy"] == "at_most_once");
  CHECK(batch["succeeded"] == 4);
  CHECK(batch["failed"] == 1);
  const auto status = on.ask({"status"});
  CHECK(status["in_doubt_count"] == 1);
  CHECK(usd(status["money"]["in_doubt"]) > money{});
  wait_until("an alert", [&on] { return fires(on, "account.in_doubt"); });
  wait_until("a reading ends it", [&on] {
    return on.ask({"status"})["in_doubt_count"] == 0;
  });
  wait_until("the alert ends", [&on] {
    return !fires(on, "account.in_doubt");
  });
  const auto books = both(on);
  CAPTURE(books.ours.dump(), books.theirs.dump());
  CHECK(agree(books));
  CHECK(usd(books.ours["held"]) == money{});
  const auto off = usd(books.ours["spent"]) - usd(books.theirs["charged"]);
  CHECK(off <= step + step);
  CHECK(off >= -step);
  CHECK(books.theirs["charged_calls"] == (charged ? 5 : 4));
  CHECK(on.rota({"results", batch["id"], "--errors", on.dir / "err.jsonl"}).code
        == 0);
  const auto error = json::parse(read_file(on.dir / "err.jsonl"));
  CHECK(error["error"]["code"] == "in_doubt");
}

TEST_CASE("money that strangers move is noticed", "[e2e]") {
  stage on{sim("")};
  begin(on);
  CHECK(serve(on, 10)["succeeded"] == 10);
  on.sim_post("/sim/accounts/a/topup", R"({"usd": "50.00"})");
  wait_until("the top-up", [&on] { return agree(both(on)); });
  CHECK(usd(on.ask({"account", "a"})["available"]) > money{69 * dollar});
  CHECK_FALSE(fires(on, "account.unexplained"));
  on.sim_post("/sim/accounts/a/balance", R"({"usd": "5.00"})");
  wait_until("an alert", [&on] { return fires(on, "account.unexplained"); });
  CHECK(agree(both(on)));
  CHECK(usd(on.ask({"account", "a"})["available"]) == money{5 * dollar});
}

TEST_CASE("a balance that is not told any more becomes stale", "[e2e]") {
  stage on{sim("")};
  begin(on);
  on.sim_post("/sim/script", R"(
script:
  - match: {account: a, path: /api/usage/token/}
    action: {status: 500}
)");
  wait_until("it is stale", [&on] {
    return on.ask({"account", "a"})["stale"] == true;
  });
  wait_until("an alert", [&on] { return fires(on, "account.stale"); });
  // It serves all the same, but for a part that is kept back.
  write_file(on.dir / "jobs.jsonl", chat_lines(3));
  const auto estimate = on.ask({"estimate", on.dir / "jobs.jsonl"});
  CHECK(estimate["accounts"] == 1);
  CHECK(estimate["available"] == "18.000000000"); // 20 - 5 % - 1.
  CHECK(estimate["fits"] == true);
  on.sim_post("/sim/script", "script: []\n");
  on.rota({"account", "a", "refresh"});
  wait_until("it is read again", [&on] {
    return on.ask({"account", "a"})["stale"] == false;
  });
}

TEST_CASE("a wrong multiplier is learnt, told, and remembered", "[e2e]") {
  stage on{sim(", multiplier: 1.5")};
  begin(on);
  wait_until("five windows", [&on] {
    CHECK(serve(on, 10)["failed"] == 0);
    // Let another reading come, so that a window ends here.
    const auto before = on.ask({"account", "a"})["read_at"];
    wait_until("a reading", [&on, &before] {
      return on.ask({"account", "a"})["read_at"] != before;
    });
    return fires(on, "account.price");
  });
  const auto learnt = on.ask({"account", "a"})["price_factor"];
  const auto factor = parse_factor(learnt.get<std::string>()).value();
  CHECK(factor.ppm >= 1'400'000);
  CHECK(factor.ppm <= 1'600'000);
  CHECK(on.stop() == 0);
  on.restart();
  CHECK(on.ask({"account", "a"})["price_factor"] == learnt);
}

TEST_CASE("a line that may be sent once is not sent again after kill -9",
          "[e2e][crash]") {
  stage on{sim("", "latency: {first_byte: {distribution: fixed, value: 800ms}}"
                   "\n")};
  begin(on);
  write_file(on.dir / "jobs.jsonl", chat_lines(20));
  const auto id = on.ask({"submit", on.dir / "jobs.jsonl", "--policy",
                          "at_most_once", "--max-in-flight", "4"})["id"]
                    .get<std::string>();
  wait_until("calls are under way", [&on] {
    return on.books()["accounts"][0]["calls"].get<uint64_t>() >= 3;
  });
  on.kill();
  on.restart();
  const auto batch = on.finish(id);
  const auto failed = batch["failed"].get<uint64_t>();
  CHECK(failed >= 3);
  CHECK(failed <= 8);
  CHECK(batch["succeeded"] == 20 - failed);
  CHECK(on.books("/sim/executions?min=2")["executions"].empty());
}
