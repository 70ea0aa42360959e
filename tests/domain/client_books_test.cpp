// What a client may still have: rates, caps, and what the books make of them.

#include "actors/domain/client_books.hpp"
#include "actors/domain/client_fold.hpp"
#include "tests/support/catch.hpp"

#include <map>
#include <random>
#include <set>

using namespace rota;

namespace {

constexpr client_id alice{7};
constexpr timestamp noon{1'795'046'400'000 + 43'200'000}; // 19 November 2026.
constexpr milliseconds second{1'000};
constexpr milliseconds day{86'400'000};

money usd(double x) {
  return {static_cast<int64_t>(x * 1e9)};
}

job_id request(uint64_t item) {
  return {{}, item, alice};
}

hold_id hold_of(uint64_t item, uint32_t attempt = 0x101) {
  return {request(item), attempt};
}

ledger_entry entry(entry_kind kind, money amount, hold_id hold,
                   timestamp at = noon) {
  ledger_entry x;
  x.kind = kind;
  x.amount = amount;
  x.hold = hold;
  x.at = at;
  return x;
}

client_options capped(double by_day, double by_month = 0) {
  client_options x;
  x.name = "alice";
  if (by_day > 0)
    x.cap.day = usd(by_day);
  if (by_month > 0)
    x.cap.month = usd(by_month);
  return x;
}

struct books : client_books {
  explicit books(const client_options& x)
    : client_books{client_head{alice, "alice", 0, {}, 0, {}, 0, {}, {}}} {
    options(x);
  }

  client_refusal ask(uint64_t item, double dollars, timestamp t = noon) {
    return admit({request(item), 100, usd(dollars)}, t).why;
  }

  void charge(uint64_t item, double held, double cost, timestamp t = noon) {
    see(entry(entry_kind::hold, usd(held), hold_of(item), t));
    see(entry(entry_kind::settle, -usd(std::min(held, cost)), hold_of(item),
              t));
    if (cost > held)
      see(entry(entry_kind::overrun, -usd(cost - held), hold_of(item), t));
    end(request(item));
  }

  money held(timestamp t = noon) const {
    return view(t).held;
  }
};

} // namespace

TEST_CASE("what a client holds may exceed any amount", "[clients]") {
  books x{capped(0)};
  for (uint64_t i = 1; i <= 20; ++i)
    CHECK(x.ask(i, 1e9) == client_refusal::none);
  CHECK(x.view(noon).held == money{INT64_MAX});
  x.options(capped(1e9));
  CHECK(x.ask(21, 1) == client_refusal::held);
  for (uint64_t i = 1; i <= 20; ++i)
    x.charge(i, 1e9, 1e9);
  CHECK(x.view(noon).held == money{});
  CHECK(x.view(noon).spent == money{INT64_MAX});
  CHECK(x.ask(22, 1) == client_refusal::day_cap);
}

TEST_CASE("days and months are those of UTC", "[clients]") {
  CHECK(day_of({0}) == 0);
  CHECK(day_of({86'399'999}) == 0);
  CHECK(day_of({86'400'000}) == 1);
  CHECK(month_of({0}) == 1970 * 12);
  const timestamp leap{1'709'164'800'000}; // 29 February 2024.
  CHECK(month_of(leap) == 2024 * 12 + 1);
  CHECK(month_of(leap + day) == 2024 * 12 + 2);
  CHECK(next_day(leap) == leap + day);
  CHECK(next_day(leap + day - milliseconds{1}) == leap + day);
}

TEST_CASE("a client without limits is admitted", "[clients]") {
  books on{{}};
  for (uint64_t i = 0; i < 10'000; ++i)
    REQUIRE(on.ask(i, 1'000) == client_refusal::none);
  CHECK(on.view(noon).in_flight == 10'000);
}

TEST_CASE("requests under way are counted", "[clients]") {
  client_options x;
  x.max_in_flight = 2;
  books on{x};
  CHECK(on.ask(1, 0) == client_refusal::none);
  CHECK(on.ask(2, 0) == client_refusal::none);
  const auto no = on.admit({request(3), 1, {}}, noon);
  CHECK(no.why == client_refusal::in_flight);
  CHECK(no.again > noon);
  CHECK(on.view(noon).refused == 1);
  on.end(request(1));
  on.end(request(1)); // A repeat changes nothing.
  CHECK(on.ask(4, 0) == client_refusal::none);
  CHECK(on.ask(5, 0) == client_refusal::in_flight);
}

TEST_CASE("rates say when they allow the next", "[clients]") {
  client_options x;
  SECTION("requests") {
    x.requests_per_minute = 2;
    books on{x};
    CHECK(on.ask(1, 0) == client_refusal::none);
    CHECK(on.ask(2, 0) == client_refusal::none);
    const auto no = on.admit({request(3), 100, {}}, noon);
    CHECK(no.why == client_refusal::rate);
    CHECK(no.again > noon + 29 * second);
    CHECK(no.again <= noon + 31 * second);
    CHECK(on.ask(4, 0, no.again - second) == client_refusal::rate);
    CHECK(on.ask(5, 0, no.again) == client_refusal::none);
  }
  SECTION("tokens") {
    x.tokens_per_minute = 1'000;
    books on{x};
    CHECK(on.admit({request(1), 900, {}}, noon).why == client_refusal::none);
    const auto no = on.admit({request(2), 400, {}}, noon);
    CHECK(no.why == client_refusal::rate);
    CHECK(on.admit({request(2), 400, {}}, no.again).why == client_refusal::none);
    // What was refused has taken nothing.
    CHECK(on.admit({request(3), 100, {}}, noon + 120 * second).why
          == client_refusal::none);
  }
}

TEST_CASE("a cap counts what is spent and what is held", "[clients]") {
  books on{capped(1.00)};
  CHECK(on.ask(1, 0.60) == client_refusal::none);
  CHECK(on.ask(2, 0.40) == client_refusal::none);
  CHECK(on.held() == usd(1.00));
  const auto busy = on.admit({request(3), 1, usd(0.10)}, noon);
  CHECK(busy.why == client_refusal::held); // Nothing is spent yet.
  CHECK(busy.again == noon + second);
  on.charge(1, 0.60, 0.25);
  CHECK(on.view(noon).day_spent == usd(0.25));
  CHECK(on.held() == usd(0.40));
  CHECK(on.ask(4, 0.35) == client_refusal::none);
  CHECK(on.ask(5, 0.01) == client_refusal::held);
  on.charge(2, 0.40, 0.40);
  on.charge(4, 0.35, 0.35);
  const auto gone = on.admit({request(6), 1, usd(0.01)}, noon);
  CHECK(gone.why == client_refusal::day_cap);
  CHECK(gone.again == next_day(noon));
  CHECK(on.ask(7, 1.00, next_day(noon) - milliseconds{1})
        == client_refusal::day_cap);
  CHECK(on.ask(8, 1.00, next_day(noon)) == client_refusal::none);
}

TEST_CASE("a request that is dearer than the cap never fits", "[clients]") {
  books on{capped(1.00, 2.00)};
  const auto no = on.admit({request(1), 1, usd(1.01)}, noon);
  CHECK(no.why == client_refusal::day_cap);
  CHECK(no.again == timestamp{});
  const auto words = words_of(no, noon);
  CHECK(words.status == 429);
  CHECK(!words.retry);
  CHECK(!words.retry_after);
  CHECK_THAT(words.sentence, ContainsSubstring("fewer output tokens"));
}

TEST_CASE("the month goes on where the day is over", "[clients]") {
  books on{capped(1.00, 1.50)};
  on.charge(1, 1.00, 1.00);
  CHECK(on.ask(2, 0.20) == client_refusal::day_cap);
  const auto tomorrow = noon + day;
  CHECK(on.ask(3, 0.20, tomorrow) == client_refusal::none);
  on.charge(3, 0.20, 0.50, tomorrow);
  const auto no = on.admit({request(4), 1, usd(0.01)}, tomorrow);
  CHECK(no.why == client_refusal::month_cap);
  CHECK(no.again.millis == 1'796'083'200'000); // 1 December.
  CHECK(on.ask(5, 0.01, no.again) == client_refusal::none);
  CHECK(on.view(no.again).month_spent == money{});
  CHECK(on.view(no.again).spent == usd(1.50));
}

TEST_CASE("tries on several accounts hold once", "[clients]") {
  books on{capped(1.00)};
  REQUIRE(on.ask(1, 0.50) == client_refusal::none);
  on.see(entry(entry_kind::hold, usd(0.40), hold_of(1, 0x101)));
  CHECK(on.held() == usd(0.50)); // A cheap account frees nothing yet.
  on.see(entry(entry_kind::release, usd(0.40), hold_of(1, 0x101)));
  on.see(entry(entry_kind::hold, usd(0.70), hold_of(1, 0x102)));
  CHECK(on.held() == usd(0.70)); // A dear one counts.
  on.see(entry(entry_kind::expire, usd(0.70), hold_of(1, 0x102)));
  CHECK(on.held() == usd(0.50));
  on.end(request(1));
  CHECK(on.held() == money{});
  CHECK(on.view(noon).calls == 2);
}

TEST_CASE("a job's end may overtake its entries", "[clients]") {
  books on{capped(1.00)};
  REQUIRE(on.ask(1, 0.50) == client_refusal::none);
  on.see(entry(entry_kind::hold, usd(0.70), hold_of(1)));
  on.end(request(1));
  CHECK(on.held() == usd(0.70));
  on.see(entry(entry_kind::settle, -usd(0.30), hold_of(1)));
  CHECK(on.held() == money{});
  // Or the job is given up before an account says that it held.
  REQUIRE(on.ask(2, 0.10) == client_refusal::none);
  on.end(request(2));
  on.see(entry(entry_kind::hold, usd(0.10), hold_of(2)));
  CHECK(on.held() == usd(0.10));
  on.see(entry(entry_kind::release, usd(0.10), hold_of(2)));
  CHECK(on.held() == money{});
}

TEST_CASE("what is in doubt stays held until it is known", "[clients]") {
  books on{capped(1.00)};
  REQUIRE(on.ask(1, 0.50) == client_refusal::none);
  on.see(entry(entry_kind::hold, usd(0.50), hold_of(1)));
  on.see(entry(entry_kind::doubt, usd(0.50), hold_of(1)));
  CHECK(on.held() == usd(1.00)); // The job may be tried elsewhere.
  on.end(request(1));
  CHECK(on.held() == usd(0.50));
  CHECK(on.view(noon).in_doubt == usd(0.50));
  // Nothing that is under way could free it: the next window might.
  CHECK(on.ask(2, 0.60) == client_refusal::day_cap);
  CHECK(on.ask(3, 0.50) == client_refusal::none);
  on.end(request(3));
  on.see(entry(entry_kind::assume, -usd(0.50), hold_of(1)));
  CHECK(on.held() == money{});
  CHECK(on.view(noon).in_doubt == money{});
  CHECK(on.view(noon).day_spent == usd(0.50));
  on.see(entry(entry_kind::correct, usd(0.20), hold_of(1)));
  CHECK(on.view(noon).day_spent == usd(0.30));
  on.see(entry(entry_kind::late, -usd(0.05), hold_of(9)));
  CHECK(on.view(noon).spent == usd(0.35));
}

TEST_CASE("holds of a run that died count", "[clients]") {
  books on{capped(1.00)};
  on.remember({hold_of(1), usd(0.30), noon, noon, false});
  on.remember({hold_of(2), usd(0.20), noon, noon, true});
  on.remember({hold_of(2), usd(0.20), noon, noon, true});
  CHECK(on.held() == usd(0.50));
  CHECK(on.view(noon).in_doubt == usd(0.20));
  // A job of this run has the number of one of that.
  REQUIRE(on.ask(1, 0.10) == client_refusal::none);
  on.see(entry(entry_kind::doubt, usd(0.30), hold_of(1)));
  CHECK(on.held() == usd(0.60));
  CHECK(on.view(noon).in_doubt == usd(0.50));
  on.see(entry(entry_kind::release, usd(0.30), hold_of(1)));
  CHECK(on.held() == usd(0.30));
}

TEST_CASE("a reload counts at once", "[clients]") {
  books on{capped(1.00)};
  on.charge(1, 0.90, 0.90);
  CHECK(on.ask(2, 0.20) == client_refusal::day_cap);
  on.options(capped(2.00));
  CHECK(on.ask(3, 0.20) == client_refusal::none);
  on.options(capped(0.50));
  CHECK(on.ask(4, 0.01) == client_refusal::day_cap);
}

TEST_CASE("an entry that is late at midnight counts in the new day",
          "[clients]") {
  books on{capped(1.00)};
  const auto midnight = next_day(noon);
  on.charge(1, 0.10, 0.10, midnight);
  on.charge(2, 0.10, 0.10, midnight - milliseconds{5});
  CHECK(on.view(midnight).day_spent == usd(0.20));
  on.charge(3, 0.10, 0.10, midnight + second);
  CHECK(on.view(midnight).day_spent == usd(0.30));
}

TEST_CASE("a clock that was ahead shuts nobody out", "[clients]") {
  const auto years = GENERATE(1, 0); // Or by hours, across midnight.
  books on{capped(1.00, 10.00)};
  const auto ahead = noon + (years > 0 ? years * 365 * day : day / 2 + second);
  on.charge(1, 1.00, 1.00, ahead);
  CHECK(on.view(ahead).day_spent == usd(1.00));
  CHECK(on.view(noon).day_spent == money{});
  CHECK(on.ask(2, 0.60) == client_refusal::none);
  on.end(request(2));
  // What is spent now counts now,
  on.charge(3, 0.60, 0.60);
  CHECK(on.view(noon).day_spent == usd(0.60));
  CHECK(on.view(noon).last_used == noon);
  const auto refused = on.admit({request(4), 100, usd(0.60)}, noon);
  CHECK(refused.why == client_refusal::day_cap);
  CHECK(refused.again == next_day(noon));
  CHECK(on.ask(5, 0.60, next_day(noon)) == client_refusal::none);
  // and nothing was forgotten in all.
  CHECK(on.view(noon).spent == usd(1.60));
}

TEST_CASE("a clock that is behind counts what is spent by it", "[clients]") {
  books on{capped(1.00, 2.00)};
  on.charge(1, 0.90, 0.90);
  const auto behind = noon - 100 * day;
  CHECK(on.view(behind).day_spent == money{});
  on.charge(2, 0.70, 0.70, behind);
  on.charge(3, 0.20, 0.20, behind + second);
  CHECK(on.view(behind).day_spent == usd(0.90));
  CHECK(on.view(behind).month_spent == usd(0.90));
  CHECK(on.ask(4, 0.20, behind) == client_refusal::day_cap);
  // Right again, the day begins anew.
  CHECK(on.ask(5, 1.00) == client_refusal::none);
  on.end(request(5));
  on.charge(6, 0.30, 0.30);
  CHECK(on.view(noon).day_spent == usd(0.30));
  CHECK(on.view(noon).spent == usd(2.10));
}

TEST_CASE("a clock that was set back is seen in the entries", "[clients]") {
  books on{capped(1.00)};
  const auto of = [](timestamp at) {
    return entry(entry_kind::assume, -usd(0.10), hold_of(9), at);
  };
  CHECK(!is_set_back(on.head(), of(noon)));
  on.charge(1, 0.10, 0.10);
  CHECK(!is_set_back(on.head(), of(noon - second)));
  CHECK(is_set_back(on.head(), of(noon - 61 * second)));
}

TEST_CASE("refusals say which limit was met", "[clients]") {
  const auto words = [](client_refusal why) {
    return words_of({request(1), why, noon + 90 * second}, noon);
  };
  using enum client_refusal;
  std::set<std::string> sentences;
  for (const auto why : {in_flight, rate, held, day_cap, month_cap}) {
    const auto x = words(why);
    CHECK(x.status == 429);
    CHECK(x.retry_after == 90 * second);
    const auto cap = why == day_cap || why == month_cap;
    CHECK(x.code == (cap ? "insufficient_quota" : "rate_limit_exceeded"));
    CHECK(x.retry == !cap);
    CHECK(sentences.insert(x.sentence).second);
  }
}

TEST_CASE("whatever happens, held is what is open", "[clients][property]") {
  // An oracle that adds everything up anew after each step.
  const auto seed = GENERATE(range(1u, 60u));
  std::mt19937 draw{seed};
  books on{capped(50)};
  struct life {
    money reserved;
    bool open = true;
    uint32_t tries = 0;
    std::optional<hold_id> hold;
  };
  std::map<uint64_t, life> jobs;
  std::map<hold_id, money> live;
  std::map<hold_id, money> doubts;
  money spent;
  uint64_t next = 1;
  const auto any = [&draw](auto& map) {
    return std::next(map.begin(), static_cast<long>(draw() % map.size()));
  };
  for (int step = 0; step < 2'000; ++step) {
    const money amount{static_cast<int64_t>(draw() % 3'000'000'000)};
    switch (draw() % 7) {
      case 0: {
        const auto before = on.view(noon);
        if (on.admit({request(next), 1, amount}, noon).why
            == client_refusal::none) {
          REQUIRE(before.day_spent + before.held + amount <= usd(50));
          jobs[next++] = {amount, true, 0, {}};
        }
        break;
      }
      case 1:
        if (!jobs.empty())
          if (auto& [item, x] = *any(jobs); x.open && !x.hold) {
            x.hold = hold_of(item, 0x101 + x.tries++);
            live[*x.hold] = amount;
            on.see(entry(entry_kind::hold, amount, *x.hold));
          }
        break;
      case 2:
      case 3:
        if (!live.empty()) {
          const auto i = any(live);
          const auto settled = draw() % 2 == 0;
          const money cost{i->second.nanos / 2};
          on.see(settled ? entry(entry_kind::settle, -cost, i->first)
                         : entry(entry_kind::release, i->second, i->first));
          if (settled)
            spent += cost;
          jobs[i->first.job.item].hold.reset();
          live.erase(i);
        }
        break;
      case 4:
        if (!live.empty()) {
          const auto i = any(live);
          on.see(entry(entry_kind::doubt, i->second, i->first));
          jobs[i->first.job.item].hold.reset();
          doubts.insert(live.extract(i));
        }
        break;
      case 5:
        if (!doubts.empty()) {
          const auto i = any(doubts);
          on.see(entry(entry_kind::assume, -i->second, i->first));
          spent += doubts.extract(i).mapped();
        }
        break;
      case 6:
        if (!jobs.empty()) {
          auto& [item, x] = *any(jobs);
          x.open = false;
          on.end(request(item));
        }
        break;
    }
    money held, doubted;
    for (const auto& [item, x] : jobs) {
      const auto of_account = x.hold ? live.at(*x.hold) : money{};
      held += x.open ? std::max(x.reserved, of_account) : of_account;
    }
    for (const auto& [id, x] : doubts)
      doubted += x;
    const auto view = on.view(noon);
    REQUIRE(std::tie(view.held, view.in_doubt, view.day_spent, view.spent)
            == std::tuple{held + doubted, doubted, spent, spent});
  }
}
