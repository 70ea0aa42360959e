#include "actors/domain/books_watch.hpp"
#include "actors/domain/ledger.hpp"

#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr int64_t dollar = 1'000'000'000;
constexpr timestamp start{1'000'000'000};
constexpr money cent{dollar / 100};

hold_id id(uint64_t n) {
  return {{batch_id{1}, n}, 257};
}

/// Books that are watched as an account watches them.
struct fixture {
  ledger books{account_id{7}, "a", ledger_rules{120s, cent}};
  books_watch it{120s, cent, start - 1h, {}};
  timestamp now = start;
  uint64_t next = 0;

  fixture() {
    REQUIRE(books.open(money{1'000 * dollar}, start) == ec::ok);
  }

  account_view view() {
    it.see(books.take_entries(), now);
    account_view x;
    it.describe(x, now);
    return x;
  }

  void spend(int64_t held, int64_t cost) {
    const auto which = id(next++);
    REQUIRE(books.hold(which, money{held}, {}, now + 1h, now) == ec::ok);
    REQUIRE(books.settle(which, money{cost}, now) == ec::ok);
    view();
  }

  void read(int64_t nanos) {
    books.reading(money{nanos}, books.cut(now), now);
    view();
  }

  int64_t balance() const {
    return books.head().balance.nanos;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "overruns and late charges count for an hour",
                 "[watch]") {
  spend(dollar, dollar);
  CHECK(view().overruns_per_hour == 0);
  spend(dollar, 2 * dollar);
  now = now + 30min;
  spend(dollar, dollar + 1);
  REQUIRE(books.hold(id(99), cent, {}, now, now) == ec::ok);
  REQUIRE(books.expire(now) == 1);
  REQUIRE(books.settle(id(99), cent, now) == ec::ok);
  CHECK(view().overruns_per_hour == 2);
  CHECK(view().lates_per_hour == 1);
  now = now + 31min;
  CHECK(view().overruns_per_hour == 1);
  CHECK(view().lates_per_hour == 1);
  now = now + 31min;
  CHECK(view().overruns_per_hour == 0);
  CHECK(view().lates_per_hour == 0);
}

TEST_CASE_METHOD(fixture, "what readings lack adds up for an hour", "[watch]") {
  now = now + 1h;
  read(balance() - cent.nanos);
  CHECK(view().unexplained_per_hour == money{}); // A step is no loss.
  now = now + 10min;
  read(balance() - 2 * dollar);
  CHECK(view().unexplained_per_hour == money{2 * dollar});
  now = now + 10min;
  read(balance() - 3 * dollar);
  CHECK(view().unexplained_per_hour == money{5 * dollar});
  now = now + 10min;
  read(balance() + 50 * dollar); // A top-up is no loss made good.
  CHECK(view().unexplained_per_hour == money{5 * dollar});
  now = now + 61min;
  CHECK(view().unexplained_per_hour == money{});
}

TEST_CASE_METHOD(fixture, "a site that writes nonsense overflows no hour",
                 "[watch]") {
  const auto most = ledger::most.nanos;
  for (int i = 0; i < 30; ++i) {
    now = now + 1min;
    read(i % 2 == 0 ? -most : most);
  }
  CHECK(view().unexplained_per_hour == money{INT64_MAX});
  now = now + 61min;
  CHECK(view().unexplained_per_hour == money{});
}

TEST_CASE_METHOD(fixture, "an operator's correction is no loss", "[watch]") {
  books.adjust(money{-10 * dollar}, now);
  view();
  now = now + 1h;
  read(balance());
  CHECK(view().unexplained_per_hour == money{});
}

TEST_CASE_METHOD(fixture, "the factor is drawn from the entries", "[watch]") {
  // The provider charges 1.5 times what is booked.
  now = now + 1h;
  auto truth = balance();
  read(truth);
  const auto window = [&] {
    spend(4 * dollar, 2 * dollar);
    spend(dollar, 2 * dollar); // An overrun is a charge like any other.
    truth -= 6 * dollar;
    now = now + 1h;
    const auto before = it.revision();
    read(truth);
    return it.revision() > before;
  };
  CHECK(window());
  CHECK(window());
  CHECK(view().price_factor == factor{});
  CHECK(window());
  CHECK(view().price_factor == factor{1'500'000});
  CHECK_FALSE(view().price_off);
  SECTION("two more are an alert") {
    CHECK(window());
    CHECK(window());
    CHECK(view().price_off);
  }
  SECTION("a top-up voids its window") {
    truth += 30 * dollar;
    CHECK_FALSE(window());
    CHECK(window());
  }
  SECTION("so does an operator") {
    books.adjust(money{dollar}, now);
    CHECK_FALSE(window());
    CHECK(window());
  }
  SECTION("a doubt of more than one per cent throws it away") {
    REQUIRE(books.hold(id(50), money{dollar}, {}, now + 1h, now) == ec::ok);
    REQUIRE(books.doubt(id(50), now + 10h, now) == ec::ok);
    CHECK_FALSE(window());
    CHECK(window());
  }
}

TEST_CASE_METHOD(fixture, "a price that was guessed teaches nothing",
                 "[watch]") {
  read(1'000 * dollar);
  now = now + 10min;
  read(1'000 * dollar);
  const auto window = [this](bool guessed) {
    now = now + 10min;
    it.of_model("m", guessed);
    spend(10 * dollar, 10 * dollar);
    now = now + 10min;
    read(balance() + 9 * dollar); // A tenth of it was charged.
  };
  for (int i = 0; i < 5; ++i)
    window(true);
  CHECK(it.prices().price_factor() == factor{});
  for (int i = 0; i < 5; ++i)
    window(false);
  CHECK(it.prices().price_factor() < factor{});
}
