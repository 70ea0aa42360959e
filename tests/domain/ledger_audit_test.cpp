// The auditor agrees with every ledger, and with nothing else: each way to
// change one entry of a history that has every kind in it is found.

#include "actors/domain/ledger_audit.hpp"

#include "actors/domain/ledger.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <functional>
#include <random>
#include <set>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr int64_t dollar = 1'000'000'000;
constexpr timestamp start{1'795'000'000'000};

using history = std::vector<ledger_entry>;

hold_id id(uint64_t n, uint32_t attempt = 257) {
  return {{batch_id{1}, n}, attempt};
}

/// Every kind of entry, each in a place where it belongs.
struct sample {
  ledger books{account_id{7}, "relay-a", {}};
  history entries;

  sample() {
    const auto hold = [this](uint64_t n, milliseconds ttl = 600s) {
      REQUIRE(books.hold(id(n), money{dollar}, {}, start + ttl, start)
              == ec::ok);
    };
    const auto good = [](ec x) { REQUIRE(x == ec::ok); };
    good(books.open(money{20 * dollar}, start));
    for (uint64_t n = 1; n <= 7; ++n)
      hold(n, n == 3 ? 1s : 600s);
    good(books.settle(id(1), money{dollar / 2}, start));
    good(books.release(id(2), start));
    good(books.settle(id(2), money{dollar / 4}, start)); // late
    books.expire(start + 1s);                            // 3
    good(books.settle(id(4), money{2 * dollar}, start)); // overrun
    good(books.doubt(id(5), start + 2s, start + 1s));
    books.expire(start + 2s);
    good(books.settle(id(5), money{dollar / 3}, start + 3s)); // correct
    good(books.doubt(id(6), start + 900s, start + 3s,
                     {money{dollar / 8}, money{dollar / 4}}));
    REQUIRE(books.reading(money{17 * dollar}, books.cut(start + 400s),
                          start + 400s)
            == reading_result::adjusted);
    REQUIRE(books.reading(money{30 * dollar}, books.cut(start + 800s),
                          start + 800s)
            == reading_result::topped_up);
    books.adjust(money{-dollar}, start + 801s);
    entries = books.take_entries();
  }
};

/// A reading moves nothing: once another has followed, only the chain knows
/// that it was changed.
bool superseded(const history& xs, size_t i) {
  return xs[i].kind == entry_kind::reading
         && std::any_of(xs.begin() + static_cast<ptrdiff_t>(i) + 1, xs.end(),
                        [](const auto& x) {
                          return x.kind == entry_kind::reading;
                        });
}

/// What the auditor says to a history and the books that are stored with it.
std::string verdict_on(const history& xs, const account_head& stored) {
  ledger_audit audit{account_id{7}};
  for (const auto& x : xs)
    if (auto fault = audit.next(x); !fault.empty())
      return to_string(x.kind) + " " + fault;
  return audit.compare(stored);
}

} // namespace

TEST_CASE("an auditor has nothing to say to good books", "[audit]") {
  const sample x;
  std::set<entry_kind> kinds;
  ledger_audit audit{account_id{7}};
  for (const auto& entry : x.entries) {
    kinds.insert(entry.kind);
    CHECK(audit.next(entry) == "");
  }
  CHECK(kinds.size() == 13);
  CHECK(audit.compare(x.books.snapshot()) == "");
  CHECK(audit.unchecked() == 0);
  // It counts for itself what the books are made of.
  const auto& sums = audit.sums();
  CHECK(sums.entries == x.entries.size());
  CHECK(sums.paid_in + sums.adjusted - sums.charged
        == x.books.head().balance);
  CHECK(sums.charged == x.books.head().spent);
}

TEST_CASE("sums over a whole life overflow neither books nor auditor",
          "[audit]") {
  ledger books{account_id{7}, "a", ledger_rules{}};
  REQUIRE(books.open(ledger::most, timestamp{1}) == ec::ok);
  ledger_audit audit{account_id{7}};
  timestamp now{1'000'000};
  for (uint64_t i = 0; i < 40; ++i) {
    now = now + std::chrono::hours{1};
    const auto up = i % 2 == 1;
    books.reading(up ? ledger::most : -ledger::most, books.cut(now), now);
    if (up) { // A relay that says it has charged all there was.
      const hold_id id{{batch_id{1}, i}, 257};
      REQUIRE(books.hold(id, ledger::most, {}, now, now) == ec::ok);
      REQUIRE(books.settle(id, ledger::most, now) == ec::ok);
    }
    for (const auto& x : books.take_entries())
      REQUIRE(audit.next(x) == "");
  }
  CHECK(audit.compare(books.snapshot()) == "");
  CHECK(books.head().spent == money{INT64_MAX});
  const auto& sums = audit.sums();
  CHECK(to_decimal(sums.charged) == "20000000000.000000000");
  CHECK(sums.paid_in > money{INT64_MAX});
  CHECK(money_sum{} - sums.adjusted > money{INT64_MAX});
  CHECK(sums.paid_in + sums.adjusted - sums.charged
        == books.head().balance);
}

TEST_CASE("an entry that is missing, moved or doubled is found", "[audit]") {
  const sample x;
  const auto stored = x.books.snapshot();
  for (size_t i = 0; i < x.entries.size(); ++i) {
    INFO("entry " << i + 1);
    auto xs = x.entries;
    xs.erase(xs.begin() + static_cast<ptrdiff_t>(i));
    CHECK(verdict_on(xs, stored) != "");
    xs = x.entries;
    xs.insert(xs.begin() + static_cast<ptrdiff_t>(i), xs[i]);
    CHECK(verdict_on(xs, stored) != "");
    if (i > 0) {
      xs = x.entries;
      std::swap(xs[i - 1], xs[i]);
      CHECK(verdict_on(xs, stored) != "");
    }
  }
}

TEST_CASE("an entry that was left out is found by the rules alone",
          "[audit]") {
  // As if the ledger had forgotten to write it: all behind it is numbered on.
  const sample x;
  for (size_t i = 0; i < x.entries.size(); ++i) {
    auto xs = x.entries;
    xs.erase(xs.begin() + static_cast<ptrdiff_t>(i));
    for (size_t k = i; k < xs.size(); ++k)
      --xs[k].seq;
    auto stored = x.books.snapshot();
    --stored.seq;
    INFO("entry " << i + 1 << ", " << to_string(x.entries[i].kind));
    CHECK((verdict_on(xs, stored) != "" || superseded(x.entries, i)));
  }
}

TEST_CASE("an entry whose figures were changed is found", "[audit]") {
  const sample x;
  const auto stored = x.books.snapshot();
  const std::vector<std::pair<const char*, std::function<void(ledger_entry&)>>>
    changes{
      {"amount up", [](auto& e) { e.amount += money{1}; }},
      {"amount down", [](auto& e) { e.amount -= money{1}; }},
      {"sign", [](auto& e) { e.amount = -e.amount - money{1}; }},
      {"balance", [](auto& e) { e.balance_after += money{1}; }},
      {"held", [](auto& e) { e.held_after += money{1}; }},
      {"account", [](auto& e) { e.account = {8}; }},
      {"number", [](auto& e) { e.seq += 1; }},
    };
  for (size_t i = 0; i < x.entries.size(); ++i)
    for (const auto& [what, change] : changes) {
      auto xs = x.entries;
      change(xs[i]);
      INFO("entry " << i + 1 << ", " << to_string(xs[i].kind) << ", " << what);
      const auto amount = xs[i].amount != x.entries[i].amount;
      CHECK((verdict_on(xs, stored) != ""
             || (amount && superseded(x.entries, i))));
    }
}

TEST_CASE("an entry that became one of another kind is found", "[audit]") {
  const sample x;
  const auto stored = x.books.snapshot();
  // These move the books alike: that one became the other is for the chain.
  const std::set<std::pair<entry_kind, entry_kind>> alike{
    {entry_kind::expire, entry_kind::release},
    {entry_kind::adjust, entry_kind::topup},
    {entry_kind::topup, entry_kind::adjust},
  };
  for (size_t i = 0; i < x.entries.size(); ++i)
    for (int kind = 1; kind <= 13; ++kind) {
      auto xs = x.entries;
      if (static_cast<int>(xs[i].kind) == kind)
        continue;
      xs[i].kind = static_cast<entry_kind>(kind);
      if (alike.contains({x.entries[i].kind, xs[i].kind}))
        continue;
      INFO("entry " << i + 1 << ", " << to_string(x.entries[i].kind) << " as "
                    << to_string(xs[i].kind));
      CHECK(verdict_on(xs, stored) != "");
    }
}

TEST_CASE("an entry of another hold is found", "[audit]") {
  const sample x;
  const auto stored = x.books.snapshot();
  for (size_t i = 0; i < x.entries.size(); ++i)
    for (uint64_t n = 1; n <= 8; ++n) {
      auto xs = x.entries;
      if (xs[i].hold.job.batch.value == 0 || xs[i].hold == id(n))
        continue;
      xs[i].hold = id(n);
      INFO("entry " << i + 1 << ", " << to_string(xs[i].kind) << " for " << n);
      CHECK(verdict_on(xs, stored) != "");
    }
}

TEST_CASE("books that are not those of the entries are found", "[audit]") {
  const sample x;
  const std::vector<std::pair<const char*, std::function<void(account_head&)>>>
    changes{
      {"the last 3 are missing", [](auto& h) { h.seq += 3; }},
      {"2 more follow", [](auto& h) { h.seq -= 2; }},
      {"digest", [](auto& h) { h.chain[3] ^= 1; }},
      {"balance", [](auto& h) { h.balance += money{1}; }},
      {"held", [](auto& h) { h.held -= money{1}; }},
      {"reading", [](auto& h) { h.reading += money{1}; }},
      {"time of the reading", [](auto& h) { h.read_at.millis += 1; }},
      {"since the reading",
       [](auto& h) { h.spent_since_reading += money{1}; }},
      {"spent", [](auto& h) { h.spent += money{1}; }},
      {"begun", [](auto& h) { h.funded = false; }},
      {"calls", [](auto& h) { ++h.calls; }},
      {"overruns", [](auto& h) { ++h.overruns; }},
      {"late charges", [](auto& h) { ++h.lates; }},
      {"last use", [](auto& h) { h.last_used.millis += 1; }},
      {"open holds", [](auto& h) { h.holds.pop_back(); }},
      {"hold of", [](auto& h) { h.holds[0].amount += money{1}; }},
      {"hold of", [](auto& h) { h.holds[0].in_doubt ^= true; }},
      {"hold of", [](auto& h) { h.holds[0].expires_at.millis += 1; }},
      {"hold of", [](auto& h) { h.holds[0].id.attempt += 1; }},
    };
  for (const auto& [says, change] : changes) {
    auto stored = x.books.snapshot();
    change(stored);
    CHECK_THAT(verdict_on(x.entries, stored), ContainsSubstring(says));
  }
}

TEST_CASE("a gap is said with its numbers, and counted on from", "[audit]") {
  const sample x;
  auto xs = x.entries;
  xs.erase(xs.begin() + 3, xs.begin() + 6);
  ledger_audit audit{account_id{7}};
  std::vector<std::string> said;
  for (const auto& entry : xs)
    if (auto fault = audit.next(entry); !fault.empty())
      said.push_back(fault);
  CHECK(said == std::vector<std::string>{
                  "follows a gap: the entries 4 to 6 are missing"});
  CHECK(audit.unchecked() == xs.size() - 4);
  CHECK(audit.compare(x.books.snapshot()) == "");
}

TEST_CASE("an auditor agrees with every ledger", "[audit][property]") {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto below = [&random](int64_t n) {
      return std::uniform_int_distribution<int64_t>{0, n - 1}(random);
    };
    ledger books{account_id{7}, "relay-a", {120s, money{2'000}}};
    ledger_audit audit{account_id{7}};
    auto now = start;
    uint32_t run = 1;
    for (int step = 0; step < 200; ++step) {
      now = now + milliseconds{below(20'000)};
      const auto which
        = id(static_cast<uint64_t>(below(12) + step / 20 * 12), run << 8);
      const auto amount = money{below(3 * dollar)};
      switch (below(9)) {
        case 0:
          books.adjust(amount - money{dollar}, now);
          break;
        case 1:
          books.reading(money{below(20 * dollar)},
                        books.cut(now - milliseconds{below(3'000)}), now);
          break;
        case 2:
          std::ignore = books.settle(which, amount, now);
          break;
        case 3:
          std::ignore = books.release(which, now);
          break;
        case 4:
          std::ignore = books.doubt(which, now + milliseconds{below(300'000)},
                                    now,
                                    {money{below(dollar)},
                                     money{below(2 * dollar)}});
          break;
        case 5:
          books.expire(now);
          break;
        case 6: // A restart.
          if (below(10) != 0)
            break;
          books = ledger{books.snapshot(), {120s, money{2'000}}};
          ++run;
          break;
        default:
          std::ignore = books.hold(which, amount, {},
                                   now + milliseconds{1 + below(200'000)},
                                   now);
      }
      for (const auto& x : books.take_entries())
        REQUIRE(audit.next(x) == "");
    }
    REQUIRE(audit.compare(books.snapshot()) == "");
  }
}
