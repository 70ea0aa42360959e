// The interval rule: books B, held R, charged within the lag C, step q. A
// figure U agrees iff B - R - q <= U <= B + C + q.

#include "actors/domain/ledger.hpp"

#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr int64_t dollar = 1'000'000'000;
constexpr int64_t cent = dollar / 100;
constexpr timestamp start{1'000'000'000};
const ledger_rules rules{120s, money{cent}};

hold_id id(uint64_t n) {
  return {{batch_id{1}, n}, 257};
}

struct fixture {
  ledger books{account_id{7}, "a", rules};

  fixture() {
    REQUIRE(books.open(money{100 * dollar}, start) == ec::ok);
  }

  void spend(uint64_t n, int64_t nanos, timestamp at) {
    REQUIRE(books.hold(id(n), money{nanos}, money{}, at + 10min, at)
            == ec::ok);
    REQUIRE(books.settle(id(n), money{nanos}, at) == ec::ok);
  }

  void keep(uint64_t n, int64_t nanos, timestamp at) {
    REQUIRE(books.hold(id(n), money{nanos}, money{}, at + 10min, at)
            == ec::ok);
  }

  reading_result read(int64_t nanos, timestamp at) {
    return books.reading(money{nanos}, books.cut(at), at + 200ms);
  }

  int64_t balance() const {
    return books.head().balance.nanos;
  }

  std::string kinds() {
    std::string result;
    for (const auto& x : books.take_entries())
      result += to_string(x.kind) + ' ';
    return result;
  }
};

} // namespace

TEST_CASE("the first reading opens the books", "[ledger]") {
  ledger books{account_id{7}, "a", rules};
  CHECK(books.reading(money{5 * dollar}, books.cut(start), start + 1s)
        == reading_result::first);
  CHECK(books.head().funded);
  CHECK(books.available() == money{5 * dollar});
  const auto entries = books.take_entries();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].kind == entry_kind::open);
  CHECK(entries[1].kind == entry_kind::reading);
  CHECK(entries[1].at == start);
  CHECK(entries[1].amount == money{5 * dollar});
  CHECK(books.head().read_at == start);
}

TEST_CASE_METHOD(fixture, "in quiet books a figure is judged by the step",
                 "[ledger]") {
  const auto [off, result, left]
    = GENERATE(table<int64_t, reading_result, int64_t>({
      {0, reading_result::consistent, 0},
      {cent, reading_result::consistent, 0},
      {-cent, reading_result::consistent, 0},
      {cent + 1, reading_result::adjusted, cent + 1},
      {-cent - 1, reading_result::unexplained, -cent - 1},
      {dollar - 1, reading_result::adjusted, dollar - 1},
      {dollar, reading_result::topped_up, dollar},
      {40 * dollar, reading_result::topped_up, 40 * dollar},
      {-40 * dollar, reading_result::unexplained, -40 * dollar},
      {-140 * dollar, reading_result::unexplained, -140 * dollar},
    }));
  books.take_entries();
  CHECK(read(100 * dollar + off, start + 1h) == result);
  CHECK(balance() == 100 * dollar + left);
  CHECK(kinds()
        == (left == 0                              ? "reading "
            : result == reading_result::topped_up ? "topup reading "
                                                  : "adjust reading "));
}

TEST_CASE_METHOD(fixture, "a top-up is a dollar or one per cent",
                 "[ledger]") {
  books.adjust(money{900 * dollar}, start);
  CHECK(read(1'000 * dollar + 10 * dollar - 1, start + 1h)
        == reading_result::adjusted);
  CHECK(read(1'020 * dollar + 1 * dollar, start + 2h)
        == reading_result::topped_up);
}

TEST_CASE_METHOD(fixture, "lag and holds explain a figure between borders",
                 "[ledger]") {
  spend(1, 6 * dollar, start + 1h); // C = 6: B = 94.
  keep(2, 3 * dollar, start + 1h);  // R = 3.
  const auto [figure, result, after]
    = GENERATE(table<int64_t, reading_result, int64_t>({
      {94 * dollar, reading_result::consistent, 94 * dollar},
      {91 * dollar, reading_result::consistent, 94 * dollar},
      {91 * dollar - cent, reading_result::consistent, 94 * dollar},
      {91 * dollar - cent - 1, reading_result::unexplained,
       94 * dollar - cent - 1},
      {80 * dollar, reading_result::unexplained, 83 * dollar},
      {100 * dollar, reading_result::consistent, 94 * dollar},
      {100 * dollar + cent, reading_result::consistent, 94 * dollar},
      {100 * dollar + cent + 1, reading_result::adjusted,
       94 * dollar + cent + 1},
      {150 * dollar, reading_result::topped_up, 144 * dollar},
    }));
  CHECK(read(figure, start + 1h + 10s) == result);
  CHECK(balance() == after);
  CHECK(books.head().reading == money{figure});
  CHECK(books.head().spent_since_reading == money{6 * dollar});
  // Never optimistic: the worse view, and what is held on top.
  CHECK(books.available()
        == money{std::min(after, figure - 6 * dollar) - 3 * dollar});
}

TEST_CASE_METHOD(fixture, "a charge leaves the window after the lag",
                 "[ledger]") {
  spend(1, 6 * dollar, start + 1h);
  SECTION("just inside") {
    CHECK(read(100 * dollar, start + 1h + 120s) == reading_result::consistent);
    CHECK(balance() == 94 * dollar);
    CHECK(books.head().spent_since_reading == money{6 * dollar});
  }
  SECTION("just outside") {
    CHECK(read(100 * dollar, start + 1h + 120s + 1ms)
          == reading_result::topped_up);
    CHECK(balance() == 100 * dollar);
    CHECK(books.head().spent_since_reading == money{});
  }
}

TEST_CASE_METHOD(fixture, "a charge counts although others came while the"
                          " question was under way",
                 "[ledger]") {
  spend(1, 6 * dollar, start + 1h);
  const auto asked = books.cut(start + 1h + 100s);
  for (uint64_t n = 0; n < 40; ++n)
    spend(10 + n, cent, asked.at + 1s * n);
  // The figure may hold none of these 6.40 dollars.
  CHECK(books.reading(money{100 * dollar}, asked, asked.at + 40s)
        == reading_result::consistent);
  CHECK(books.head().spent_since_reading == money{6 * dollar + 40 * cent});
}

TEST_CASE_METHOD(fixture, "spending after a reading lowers both views",
                 "[ledger]") {
  REQUIRE(read(100 * dollar, start + 1h) == reading_result::consistent);
  spend(1, 30 * dollar, start + 2h);
  CHECK(books.available() == money{70 * dollar});
  CHECK(books.posted() == money{30 * dollar});
  // What an operator knows corrects both.
  books.adjust(money{50 * dollar}, start + 2h);
  CHECK(books.available() == money{120 * dollar});
  CHECK(books.posted() == money{30 * dollar});
  books.adjust(money{-60 * dollar}, start + 2h);
  CHECK(books.available() == money{60 * dollar});
}

TEST_CASE_METHOD(fixture, "an old answer changes nothing", "[ledger]") {
  const auto first = books.cut(start + 1h);
  spend(1, 10 * dollar, start + 2h);
  const auto second = books.cut(start + 2h);
  const auto answer = [this](int64_t nanos, reading_cut asked) {
    return books.reading(money{nanos}, asked, start + 3h);
  };
  REQUIRE(answer(80 * dollar, second) == reading_result::unexplained);
  books.take_entries();
  for (const auto& asked : {first, second, reading_cut{}}) {
    CHECK(answer(40 * dollar, asked) == reading_result::consistent);
    CHECK(kinds() == "");
    CHECK(books.head().reading == money{80 * dollar});
  }
  // Nor does a restart make it young, even if the clock was set back.
  ledger next{books.snapshot(), rules};
  CHECK(next.reading(money{40 * dollar}, second, start + 4h)
        == reading_result::consistent);
  CHECK(next.reading(money{40 * dollar}, next.cut(start), start + 1s)
        == reading_result::unexplained);
}

TEST_CASE_METHOD(fixture, "what comes back does not raise what a reading"
                          " leaves",
                 "[ledger]") {
  keep(1, 10 * dollar, start);
  REQUIRE(books.doubt(id(1), start + 1min, start) == ec::ok);
  REQUIRE(books.expire(start + 1min) == 1);
  REQUIRE(balance() == 90 * dollar);
  REQUIRE(read(90 * dollar, start + 1h) == reading_result::consistent);
  REQUIRE(books.settle(id(1), money{2 * dollar}, start + 1h) == ec::ok);
  CHECK(balance() == 98 * dollar);
  CHECK(books.available() == money{90 * dollar});
}

TEST_CASE_METHOD(fixture, "after a restart all recent spending may be missing",
                 "[ledger]") {
  REQUIRE(read(100 * dollar, start + 1h) == reading_result::consistent);
  spend(1, 20 * dollar, start + 2h);
  spend(2, 10 * dollar, start + 3h);
  ledger next{books.snapshot(), rules};
  CHECK(next.available() == money{70 * dollar});
  SECTION("within the lag of the last charge") {
    CHECK(next.reading(money{100 * dollar}, next.cut(start + 3h + 60s),
                       start + 3h + 61s)
          == reading_result::consistent);
    CHECK(next.head().balance == money{70 * dollar});
    CHECK(next.head().spent_since_reading == money{30 * dollar});
    CHECK(next.available() == money{70 * dollar});
    // And again: the window is still open.
    CHECK(next.reading(money{100 * dollar}, next.cut(start + 3h + 90s),
                       start + 3h + 91s)
          == reading_result::consistent);
    CHECK(next.available() == money{70 * dollar});
  }
  SECTION("later") {
    CHECK(next.reading(money{100 * dollar}, next.cut(start + 3h + 121s),
                       start + 3h + 122s)
          == reading_result::topped_up);
    CHECK(next.available() == money{100 * dollar});
  }
}

TEST_CASE_METHOD(fixture, "a clock that jumps between two runs opens no window",
                 "[ledger]") {
  REQUIRE(read(100 * dollar, start + 1h) == reading_result::consistent);
  spend(1, 20 * dollar, start + 2h);
  ledger next{books.snapshot(), rules};
  SECTION("forwards: what was just spent may still be missing") {
    const auto begin = start + 26h;
    REQUIRE(next.doubt_all(begin + 1h, begin) == 0);
    CHECK(next.reading(money{100 * dollar}, next.cut(begin + 10s),
                       begin + 11s)
          == reading_result::consistent);
    CHECK(next.available() == money{80 * dollar});
    CHECK(next.reading(money{80 * dollar}, next.cut(begin + 121s),
                       begin + 122s)
          == reading_result::consistent);
    CHECK(next.head().spent_since_reading == money{});
  }
  SECTION("backwards: readings count, and the window closes") {
    const auto begin = start - 10h;
    REQUIRE(next.doubt_all(begin + 1h, begin) == 0);
    CHECK(next.reading(money{50 * dollar}, next.cut(begin + 121s),
                       begin + 122s)
          == reading_result::unexplained);
    CHECK(next.available() == money{50 * dollar});
    CHECK(next.head().spent_since_reading == money{});
  }
}

TEST_CASE("the spend window errs upwards and stays small", "[ledger]") {
  spend_window window{120s};
  money all;
  for (int64_t i = 0; i < 100'000; ++i) {
    window.add(money{1}, start + i * 700ms);
    all += money{1};
  }
  CHECK(window.size() <= spend_window::slots_max);
  CHECK(window.since(start) == all);
  const auto end = start + 100'000 * 700ms;
  const auto recent = window.since(end - 120s).nanos;
  CHECK(recent >= 171); // 120 s at one every 0.7 s.
  CHECK(recent <= 175); // A slot more at most.
  window.forget_before(end - 120s);
  CHECK(window.since(start).nanos == recent);
  window.forget_before(end + 1s);
  CHECK(window.size() == 0);
  CHECK(window.since(start) == money{});
}

TEST_CASE("a long lag is covered by wider slots", "[ledger]") {
  spend_window window{24h};
  for (int64_t i = 0; i < 86'400; ++i)
    window.add(money{1}, start + i * 1s);
  const auto hour = window.since(start + 23h).nanos;
  CHECK(hour >= 3'600);
  CHECK(hour <= 3'600 + 700);
}
