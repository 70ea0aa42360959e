#include "actors/domain/alert_rules.hpp"

#include "tests/support/catch.hpp"

#include <random>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr int64_t dollar = 1'000'000'000;

account_view view(const std::string& name, funds_state funds,
                  health_state health = health_state::healthy) {
  account_view x;
  x.name = name;
  x.kind = provider::new_api;
  x.funds = funds;
  x.health = health;
  x.available = money{5 * dollar};
  x.floor = money{dollar};
  return x;
}

struct fixture {
  alert_rules it{alert_options{}};
  timestamp now{1'000'000'000};
  std::vector<account_view> accounts{view("a", funds_state::funded)};
  pool_state pool;
  std::vector<alert> last;

  /// The edges of the next walk.
  std::string walk() {
    now = now + 5s;
    last = it.walk(accounts, pool, now);
    std::string result;
    for (const auto& x : last)
      result += x.account + ' ' + to_string(x.kind) + ' ' + to_string(x.state)
                + ';';
    return result;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "only edges are told, each once", "[alerts]") {
  CHECK(walk() == "");
  accounts[0].funds = funds_state::low;
  CHECK(walk() == "a account.low firing;");
  CHECK(last[0].level == severity::warning);
  CHECK(last[0].provider == "new_api");
  CHECK(last[0].available == money{5 * dollar});
  CHECK(last[0].floor == money{dollar});
  CHECK(last[0].since == now);
  CHECK(last[0].at == now);
  CHECK(last[0].text
        == "Account a has only 5.00 USD available; its floor is 1.00 USD.");
  const auto since = now;
  CHECK(walk() == "");
  CHECK(walk() == "");
  REQUIRE(it.firing().size() == 1);
  CHECK(it.firing()[0].since == since);
  CHECK(it.firing()[0].at == now);
  accounts[0].funds = funds_state::funded;
  accounts[0].available = money{30 * dollar};
  CHECK(walk() == "a account.low resolved;");
  CHECK(last[0].level == severity::info);
  CHECK(last[0].since == since);
  CHECK(last[0].at == now);
  CHECK(last[0].text == "Account a has 30.00 USD available again.");
  CHECK(walk() == "");
  CHECK(it.firing().empty());
}

TEST_CASE_METHOD(fixture, "running dry is no recovery from being low",
                 "[alerts]") {
  accounts[0].funds = funds_state::low;
  CHECK(walk() == "a account.low firing;");
  accounts[0].funds = funds_state::exhausted;
  accounts[0].available = money{dollar};
  CHECK(walk() == "a account.exhausted firing;");
  CHECK(last[0].level == severity::error);
  CHECK(last[0].text
        == "Account a has no money left to spend: 1.00 USD available, floor "
           "1.00 USD.");
  accounts[0].funds = funds_state::low;
  CHECK(walk() == "a account.exhausted resolved;");
  accounts[0].funds = funds_state::exhausted;
  CHECK(walk() == "a account.exhausted firing;");
  accounts[0].funds = funds_state::funded;
  CHECK(walk() == "a account.low resolved;a account.exhausted resolved;");
}

TEST_CASE_METHOD(fixture, "a provider may know better than the books",
                 "[alerts]") {
  accounts[0].funds = funds_state::exhausted;
  accounts[0].reason = "quota_exhausted";
  CHECK(walk() == "a account.exhausted firing;");
  CHECK(last[0].text
        == "Account a has no money left, says its provider (quota_exhausted), "
           "although the books say 5.00 USD.");
}

TEST_CASE_METHOD(fixture, "an account of unknown balance alarms nobody",
                 "[alerts]") {
  accounts[0].funds = funds_state::unknown;
  CHECK(walk() == "");
}

TEST_CASE_METHOD(fixture, "ejection alarms until the account is well",
                 "[alerts]") {
  accounts[0].cooldown_until = now + 1h; // A cooldown is no reason.
  CHECK(walk() == "");
  accounts[0].health = health_state::degraded;
  CHECK(walk() == "");
  accounts[0].health = health_state::probing;
  CHECK(walk() == "");
  accounts[0].health = health_state::ejected;
  accounts[0].reason = "the key is refused";
  CHECK(walk() == "a account.ejected firing;");
  CHECK(last[0].level == severity::error);
  CHECK(last[0].text
        == "Account a is ejected after failures: the key is refused.");
  accounts[0].health = health_state::probing;
  CHECK(walk() == "");
  accounts[0].health = health_state::ejected;
  CHECK(walk() == "");
  accounts[0].health = health_state::healthy;
  CHECK(walk() == "a account.ejected resolved;");
  CHECK(last[0].text == "Account a is healthy again.");
}

TEST_CASE_METHOD(fixture, "all accounts failing is one alarm", "[alerts]") {
  pool = {100, 0};
  CHECK(walk() == "");
  pool = {110, 3};
  CHECK(walk() == ""); // Some jobs were served.
  CHECK(walk() == "");
  pool = {110, 4};
  CHECK(walk() == " pool.all_failed firing;");
  CHECK(last[0].level == severity::critical);
  CHECK(walk() == ""); // Silence is no recovery.
  pool = {110, 9};
  CHECK(walk() == "");
  pool = {111, 12};
  CHECK(walk() == " pool.all_failed resolved;");
  CHECK(last[0].text == "Jobs are served again.");
  CHECK(walk() == "");
}

TEST_CASE_METHOD(fixture, "jobs that wait in vain are that alarm, too",
                 "[alerts]") {
  pool = {100, 0};
  CHECK(walk() == "");
  pool = {110, 3, false, true}; // The last of the money served some.
  CHECK(walk() == "");
  CHECK(walk() == " pool.all_failed firing;");
  CHECK(last[0].level == severity::warning);
  CHECK(last[0].text.starts_with("A job waits that no account can serve"));
  pool.served = 111;
  pool.is_stuck = false;
  CHECK(walk() == " pool.all_failed resolved;");
}

TEST_CASE_METHOD(fixture, "a job that waits while nobody serves is critical",
                 "[alerts]") {
  accounts.resize(1);
  accounts[0].funds = funds_state::exhausted;
  pool = {100, 0, false, true};
  CHECK(walk() == "a account.exhausted firing;"); // It had served some.
  CHECK(walk() == " pool.all_failed firing;");
  CHECK(last.back().level == severity::critical);
}

TEST_CASE_METHOD(fixture, "the alarm says why each account failed",
                 "[alerts]") {
  accounts.clear();
  for (const auto* name : {"a", "b", "c", "d", "e"})
    accounts.push_back(view(name, funds_state::funded));
  accounts[0].reason = "HTTP 401: replace its key";
  accounts[1].admin = admin_state::drain;
  accounts[2].reason = std::string(200, 'x');
  accounts[3].reason = "HTTP 500";
  pool = {0, 1};
  CHECK(walk() == " pool.all_failed firing;");
  CHECK(last[0].text
        == "No account can serve, every one was refused or failed: a (HTTP "
           "401: replace its key), b (is in drain), c ("
             + std::string(80, 'x') + "...) and 1 more.");
}

TEST_CASE_METHOD(fixture, "a balance that cannot be read is said on its edges",
                 "[alerts]") {
  accounts[0].probe = {now, "The site refuses the credential (HTTP 401)."};
  CHECK(walk() == "a account.probe firing;");
  CHECK(last[0].level == severity::warning);
  CHECK(last[0].text
        == "Account a's balance cannot be read: The site refuses the "
           "credential (HTTP 401).");
  CHECK(walk() == "");
  accounts[0].probe = {now, {}};
  CHECK(walk() == "a account.probe resolved;");
  CHECK(last[0].text == "Account a's balance is read again.");
}

TEST_CASE_METHOD(fixture, "an alert waits for as long as it is told",
                 "[alerts]") {
  alert_options patient;
  patient.hold = 10s;
  it = alert_rules{patient};
  accounts[0].funds = funds_state::low;
  CHECK(walk() == "");
  CHECK(it.firing().empty());
  const auto since = now;
  CHECK(walk() == "");
  CHECK(walk() == "a account.low firing;");
  CHECK(last[0].since == since);
  accounts[0].funds = funds_state::funded;
  CHECK(walk() == "a account.low resolved;");
  accounts[0].funds = funds_state::low;
  CHECK(walk() == "");
  accounts[0].funds = funds_state::funded; // Gone before it fired.
  CHECK(walk() == "");
  accounts[0].funds = funds_state::low;
  CHECK(walk() == "");
  CHECK(walk() == "");
}

TEST_CASE_METHOD(fixture, "who leaves the pool leaves no alarm", "[alerts]") {
  accounts.push_back(view("b", funds_state::low, health_state::ejected));
  CHECK(walk() == "b account.low firing;b account.ejected firing;");
  accounts.pop_back();
  CHECK(walk() == "b account.low resolved;b account.ejected resolved;");
  CHECK(last[0].text == "Account b left the pool.");
  CHECK(walk() == "");
  CHECK(it.firing().empty());
}

TEST_CASE_METHOD(fixture, "accounts alarm apart from each other",
                 "[alerts]") {
  accounts.push_back(view("b", funds_state::low));
  CHECK(walk() == "b account.low firing;");
  accounts[0].funds = funds_state::low;
  CHECK(walk() == "a account.low firing;");
  accounts[1].funds = funds_state::funded;
  CHECK(walk() == "b account.low resolved;");
}

TEST_CASE("firing and resolved take turns", "[alerts][property]") {
  for (uint64_t seed = 1; seed <= 2'000; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto below = [&random](int n) {
      return std::uniform_int_distribution<int>{0, n - 1}(random);
    };
    alert_options options;
    options.hold = milliseconds{below(3) * 5'000};
    alert_rules it{options};
    pool_state pool;
    timestamp now{1'000'000};
    std::map<std::pair<alert_kind, std::string>, alert> on;
    for (int i = 0; i < 60; ++i) {
      std::vector<account_view> accounts;
      for (const auto* name : {"a", "b", "c"})
        if (below(10) > 0)
          accounts.push_back(view(name, static_cast<funds_state>(below(4)),
                                  static_cast<health_state>(below(4))));
      pool.served += static_cast<uint64_t>(below(2));
      pool.refused += static_cast<uint64_t>(below(2));
      now = now + 5s;
      for (const auto& x : it.walk(accounts, pool, now)) {
        const std::pair key{x.kind, x.account};
        REQUIRE(!x.text.empty());
        REQUIRE(x.at == now);
        if (x.state == alert_state::firing) {
          REQUIRE(now - x.since >= options.hold);
          REQUIRE(on.emplace(key, x).second);
        } else {
          REQUIRE(x.state == alert_state::resolved);
          REQUIRE(on.contains(key));
          REQUIRE(on.at(key).since == x.since);
          on.erase(key);
        }
      }
      REQUIRE(it.firing().size() == on.size());
    }
  }
}

TEST_CASE_METHOD(fixture, "books that surprise are told, with limits",
                 "[alerts]") {
  auto& a = accounts[0];
  SECTION("charges above their holds") {
    a.overruns_per_hour = 10;
    CHECK(walk() == "");
    a.overruns_per_hour = 11;
    CHECK(walk() == "a account.overruns firing;");
    CHECK(last[0].level == severity::warning);
    CHECK(last[0].text
          == "Account a was charged more than was held 11 times within an"
             " hour.");
    CHECK(walk() == "");
    a.overruns_per_hour = 10;
    CHECK(walk() == "a account.overruns resolved;");
    CHECK(last[0].text == "Account a is charged within its estimates again.");
  }
  SECTION("late charges") {
    a.lates_per_hour = 11;
    CHECK(walk() == "a account.lates firing;");
    CHECK(last[0].text
          == "Account a was charged after a hold had ended 11 times within an"
             " hour.");
    a.lates_per_hour = 0;
    CHECK(walk() == "a account.lates resolved;");
    CHECK(last[0].text == "Account a is charged in time again.");
  }
  SECTION("money that went without a word") {
    a.unexplained_per_hour = money{1};
    CHECK(walk() == "a account.unexplained firing;");
    CHECK(last[0].level == severity::error);
    CHECK(last[0].text
          == "Account a lost 0.000000001 USD within an hour that nothing"
             " explains: somebody else uses its key, or its prices are higher"
             " than configured.");
    a.unexplained_per_hour = {};
    CHECK(walk() == "a account.unexplained resolved;");
    CHECK(last[0].text
          == "Account a has lost nothing unexplained for an hour.");
  }
  SECTION("money in doubt") {
    a.in_doubt = 3;
    a.in_doubt_amount = money{dollar};
    CHECK(walk() == "");
    a.in_doubt_amount += money{1};
    CHECK(walk() == "a account.in_doubt firing;");
    CHECK(last[0].text
          == "Account a has 1.000000001 USD in calls that were perhaps charged;"
             " `rota status` lists them.");
    a.in_doubt_amount = {};
    CHECK(walk() == "a account.in_doubt resolved;");
    CHECK(last[0].text == "Account a has little money in doubt again.");
  }
  SECTION("a price table that is wrong") {
    a.price_factor = factor{1'250'000};
    CHECK(walk() == "");
    a.price_off = true;
    CHECK(walk() == "a account.price firing;");
    CHECK(last[0].level == severity::error);
    CHECK(last[0].text
          == "Account a's price table is wrong: its provider charges 1.25 times"
             " what the table and its multiplier say.");
    a.price_off = false;
    CHECK(walk() == "a account.price resolved;");
    a.price_off = true;
    a.prices_off = {{"m", factor{1'500'000}}, {"n", factor{800'000}}};
    CHECK(walk() == "a account.price firing;");
    CHECK(last[0].text
          == "Account a's price table is wrong: its provider charges 1.25 times"
             " what the table and its multiplier say: for m 1.5 times, for n"
             " 0.8 times.");
    a.price_off = false;
    CHECK(walk() == "a account.price resolved;");
    CHECK(last[0].text == "Account a is charged by the price table again.");
  }
  SECTION("a balance that nobody reads") {
    a.read_at = timestamp{1'795'000'000'000};
    a.stale = true;
    CHECK(walk() == "a account.stale firing;");
    CHECK(last[0].text
          == "Account a's balance was last read at 2026-11-18T11:06:40.000Z;"
             " what others spent since is not known.");
    a.stale = false;
    CHECK(walk() == "a account.stale resolved;");
    CHECK(last[0].text == "Account a's balance is read again.");
  }
  CHECK(walk() == "");
  CHECK(it.firing().empty());
}

TEST_CASE("the limits of surprises are options", "[alerts]") {
  alert_options options;
  options.overruns_per_hour = 0;
  options.lates_per_hour = 0;
  options.unexplained_per_hour = money{5 * dollar};
  options.in_doubt = money{};
  alert_rules it{options};
  auto a = view("a", funds_state::funded);
  a.unexplained_per_hour = money{5 * dollar};
  CHECK(it.walk({a}, {}, timestamp{1'000}).empty());
  a.overruns_per_hour = a.lates_per_hour = 1;
  a.in_doubt_amount = money{1};
  a.unexplained_per_hour += money{1};
  CHECK(it.walk({a}, {}, timestamp{2'000}).size() == 4);
}

TEST_CASE("a disk that is nearly full is an alert of the pool", "[alert]") {
  alert_rules it{{}};
  pool_state pool;
  CHECK(it.walk({}, pool, timestamp{1'000}).empty());
  pool.disk_low = true;
  auto edges = it.walk({}, pool, timestamp{6'000});
  REQUIRE(edges.size() == 1);
  CHECK(edges[0].kind == alert_kind::disk_low);
  CHECK(edges[0].state == alert_state::firing);
  CHECK(edges[0].level == severity::critical);
  CHECK(edges[0].account.empty());
  CHECK(it.walk({}, pool, timestamp{11'000}).empty());
  pool.disk_low = false;
  edges = it.walk({}, pool, timestamp{16'000});
  REQUIRE(edges.size() == 1);
  CHECK(edges[0].state == alert_state::resolved);
  CHECK(edges[0].text == "The disk of the store has room again.");
}
