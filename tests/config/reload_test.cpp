#include "config/reload.hpp"

#include "config/schema.hpp"
#include "tests/config/parsing.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

using names = std::vector<std::string>;

options two_accounts() {
  options result;
  for (const std::string name : {"a", "b"}) {
    account_options x;
    x.name = name;
    x.base_url = "https://" + name + ".example.com";
    result.accounts.push_back(x);
  }
  return result;
}

names names_of(const std::vector<account_options>& accounts) {
  names result;
  for (const auto& x : accounts)
    result.push_back(x.name);
  return result;
}

} // namespace

TEST_CASE("equal options differ in nothing", "[reload]") {
  CHECK(diff_options(options{}, options{}).empty());
  CHECK(diff_options(two_accounts(), two_accounts()).empty());
  auto swapped = two_accounts();
  std::swap(swapped.accounts[0], swapped.accounts[1]);
  CHECK(diff_options(two_accounts(), swapped).empty());
}

TEST_CASE("accounts are added, changed and removed by name", "[reload]") {
  auto after = two_accounts();
  after.accounts[0].name = "c";
  after.accounts[1].floor = money{5};
  const auto diff = diff_options(two_accounts(), after);
  CHECK(names_of(diff.added) == names{"c"});
  CHECK(names_of(diff.changed) == names{"b"});
  CHECK(diff.changed[0].floor == money{5});
  CHECK(diff.removed == names{"a"});
  CHECK(diff.needs_restart.empty());
  CHECK(!diff.empty());
  CHECK(!diff.routing);
  CHECK(describe(diff)
        == names{"account c added", "account b changed", "account a removed"});
}

TEST_CASE("what waits for a restart stays as it runs", "[reload]") {
  auto accepted = two_accounts();
  accepted.state_dir = "/elsewhere";
  accepted.listen = "0.0.0.0:80";
  accepted.refresh.interval = 3h;
  accepted.routing.attempts = 2;
  const auto applied = applied_live(accepted, options{});
  CHECK(applied.state_dir == options{}.state_dir);
  CHECK(applied.listen == options{}.listen);
  CHECK(applied.refresh.interval == options{}.refresh.interval);
  CHECK(applied.routing.attempts == 2);
  CHECK(names_of(applied.accounts) == names{"a", "b"});
  CHECK(diff_options(options{}, applied).needs_restart.empty());
}

TEST_CASE("what counts at the first start only is no change", "[reload]") {
  auto after = two_accounts();
  after.accounts[0].balance.initial = money{5};
  after.accounts[0].admin = admin_state::drain;
  const auto diff = diff_options(two_accounts(), after);
  CHECK(diff.empty());
  CHECK(diff.too_late
        == names{"accounts[a].balance.initial counts when rota first sees the"
                 " account only; use rota account a adjust AMOUNT",
                 "accounts[a].admin counts when rota first sees the account"
                 " only; use rota account a ready, drain or maintenance"});
  CHECK(diff_options(after, after).too_late.empty());
}

TEST_CASE("every live option of an account makes it changed", "[reload]") {
  const auto before = two_accounts();
  const std::vector<std::function<void(account_options&)>> edits{
      [](auto& x) { x.kind = provider::gemini; },
      [](auto& x) { x.base_url += "/b"; },
      [](auto& x) {
        x.api_key = {secret_ref::source::env, "K"};
      },
      [](auto& x) { x.balance.probe = probe_kind::http_json; },
      [](auto& x) { x.balance.units_per_usd = 1; },
      [](auto& x) {
        x.balance.console = {secret_ref::source::file, "K"};
      },
      [](auto& x) { x.balance.user_id = "7"; },
      [](auto& x) { x.balance.path = "/b"; },
      [](auto& x) { x.balance.pointer = "/b"; },
      [](auto& x) { x.balance.used_pointer = "/c"; },
      [](auto& x) { x.balance.unlimited_pointer = "/d"; },
      [](auto& x) { x.balance.scale = factor{7}; },
      [](auto& x) { x.balance.posting_lag = 1ms; },
      [](auto& x) { x.balance.quantum = money{7}; },
      [](auto& x) { x.low = money{7}; },
      [](auto& x) { x.multiplier = factor{7}; },
      [](auto& x) { x.models = {"m"}; },
      [](auto& x) { x.max_in_flight = 7; },
      [](auto& x) { x.requests_per_minute = 7; },
      [](auto& x) { x.tokens_per_minute = 7; },
      [](auto& x) { x.tags = {"t"}; },
      [](auto& x) {
        x.headers = {{"X-A", "b"}};
      },
  };
  for (const auto& edit : edits) {
    auto after = before;
    edit(after.accounts[1]);
    CHECK(names_of(diff_options(before, after).changed) == names{"b"});
  }
  // Each but name, floor (above), and the two of the first start.
  CHECK(edits.size() + 4 == account_rows().size());
}

TEST_CASE("sections are flagged one by one", "[reload]") {
  const auto flags = [](const option_diff& x) {
    return std::vector<bool>{x.routing, x.health, x.batch,  x.upstream,
                             x.store,   x.log,    x.prices, x.failure_rules,
                             x.records};
  };
  const std::vector<std::function<void(options&)>> edits{
      [](auto& x) { x.routing.by = strategy::fastest; },
      [](auto& x) { x.health.eject_after = 9; },
      [](auto& x) { x.batch.window = 99; },
      [](auto& x) { x.upstream.total_timeout = 1s; },
      [](auto& x) { x.store.doubt_grace = 1s; },
      [](auto& x) { x.log.level = "debug"; },
      [](auto& x) { x.prices = "p.json"; },
      [](auto& x) { x.failure_rules = "r.yaml"; },
      [](auto& x) { x.records.max = 9; },
  };
  for (size_t i = 0; i < edits.size(); ++i) {
    options after;
    edits[i](after);
    std::vector<bool> expected(edits.size(), false);
    expected[i] = true;
    const auto diff = diff_options(options{}, after);
    CHECK(flags(diff) == expected);
    CHECK(diff.needs_restart.empty());
    CHECK(!diff.empty());
  }
}

TEST_CASE("what waits for a restart is named and flags nothing", "[reload]") {
  options after;
  after.state_dir = "/elsewhere";
  after.listen = "127.0.0.1:1";
  after.admin.socket = "/elsewhere/sock";
  after.upstream.ca_file = "ca.pem";
  after.store.group_max = 1;
  after.log.file = "log";
  const auto diff = diff_options(options{}, after);
  CHECK(diff.needs_restart
        == names{"state_dir", "listen", "admin.socket", "upstream.ca_file",
                 "store.group_max", "log.file"});
  CHECK(!diff.upstream);
  CHECK(!diff.store);
  CHECK(!diff.log);
  CHECK(!diff.empty());
}

TEST_CASE("a reload says what it changed", "[reload]") {
  auto after = two_accounts();
  after.accounts[0].name = "c";
  after.accounts[1].floor = money{5};
  after.clients.resize(1);
  after.prices = "prices.json";
  after.routing.attempts = 3;
  CHECK(describe(diff_options(two_accounts(), after))
        == names{"account c added", "account b changed", "account a removed",
                 "clients", "routing", "prices"});
  CHECK(describe(diff_options(after, after)).empty());
}
