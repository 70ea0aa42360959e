// The entries of two accounts' books come in any order.

#include "actors/domain/client_books.hpp"
#include "tests/support/catch.hpp"

using namespace rota;

namespace {

constexpr timestamp noon{1'795'046'400'000 + 43'200'000};
constexpr job_id job{{}, 1, {7}};
constexpr hold_id first{job, 0x101};
constexpr hold_id second{job, 0x102};

constexpr money cents(int64_t x) {
  return {x * 10'000'000};
}

ledger_entry entry(entry_kind kind, money amount, hold_id hold) {
  ledger_entry x;
  x.kind = kind;
  x.amount = amount;
  x.hold = hold;
  x.at = noon;
  return x;
}

/// A job that one account gave up, and the next one holds for: that says so
/// first.
struct fixture {
  client_books on{client_head{{7}, "alice", 0, {}, 0, {}, 0, {}, {}}};

  fixture() {
    REQUIRE(on.admit({job, 100, cents(50)}, noon).why == client_refusal::none);
    on.see(entry(entry_kind::hold, cents(60), first));
    CHECK(held() == cents(60));
    on.see(entry(entry_kind::hold, cents(70), second));
    CHECK(held() == cents(60 + 70)); // Both, for all that is known.
  }

  money held() const {
    return on.view(noon).held;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a hold may come before the last one's release",
                 "[clients]") {
  on.see(entry(entry_kind::release, cents(60), first));
  CHECK(held() == cents(70));
  SECTION("the job ends last") {
    on.see(entry(entry_kind::settle, -cents(20), second));
    CHECK(held() == cents(50));
    on.end(job);
  }
  SECTION("the job ends first") {
    on.end(job);
    CHECK(held() == cents(70));
    on.see(entry(entry_kind::settle, -cents(20), second));
  }
  CHECK(held() == money{});
  CHECK(on.view(noon).spent == cents(20));
}

TEST_CASE_METHOD(fixture, "a release may come after the whole job",
                 "[clients]") {
  on.see(entry(entry_kind::settle, -cents(20), second));
  CHECK(held() == cents(50 + 60));
  on.end(job);
  CHECK(held() == cents(60));
  on.see(entry(entry_kind::release, cents(60), first));
  CHECK(held() == money{});
}

TEST_CASE_METHOD(fixture, "a hold may come before the last one's doubt",
                 "[clients]") {
  on.see(entry(entry_kind::doubt, cents(30), first));
  CHECK(held() == cents(70 + 30));
  CHECK(on.view(noon).in_doubt == cents(30));
  on.see(entry(entry_kind::settle, -cents(20), second));
  on.end(job);
  CHECK(held() == cents(30));
  on.see(entry(entry_kind::assume, -cents(30), first));
  CHECK(held() == money{});
  CHECK(on.view(noon).in_doubt == money{});
  CHECK(on.view(noon).spent == cents(50));
}
