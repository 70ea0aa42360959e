// Books against a provider that has true books of its own. It shows charges
// late and rounded, charges other prices than we book, loses answers, takes
// money from others and for others, and the daemon dies now and then. Each seed
// is a case: it replays by its number.

#include "actors/domain/ledger.hpp"
#include "actors/domain/ledger_tail.hpp"

#include "tests/support/catch.hpp"

#include <map>
#include <random>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr int64_t dollar = 1'000'000'000;
constexpr milliseconds lag{120'000};
constexpr milliseconds call_max{60'000};
constexpr money floor_of_all{dollar};

ledger_rules make_rules(money quantum) {
  ledger_rules x{lag, quantum};
  x.attempt_max = call_max;
  return x;
}

hold_id id(uint64_t n) {
  return {{batch_id{1}, n}, 257};
}

/// The provider. A call is charged at some moment while it runs, whether or
/// not anybody waits for its answer; a probe sees that up to the lag later.
class site {
public:
  site(money left, money quantum) : left_{left}, quantum_{quantum} {
    // nop
  }

  void serve(money cost, timestamp charged_at, timestamp seen_at) {
    to_come_.emplace(charged_at, std::pair{cost, seen_at});
  }

  void pass(timestamp now) {
    for (auto i = to_come_.begin();
         i != to_come_.end() && i->first <= now; i = to_come_.erase(i)) {
      left_ -= i->second.first;
      unseen_.emplace(i->second.second, i->second.first);
    }
    unseen_.erase(unseen_.begin(), unseen_.upper_bound(now));
  }

  void add(money x) {
    left_ += x;
  }

  money left() const {
    return left_;
  }

  /// Rounded down to the step.
  money figure() const {
    auto result = left_;
    for (const auto& [when, cost] : unseen_)
      result += cost;
    const auto over = result.nanos % quantum_.nanos;
    return money{result.nanos - over - (over < 0 ? quantum_.nanos : 0)};
  }

private:
  money left_;
  money quantum_;
  std::multimap<timestamp, std::pair<money, timestamp>> to_come_;
  std::multimap<timestamp, money> unseen_;
};

struct call {
  timestamp until;
  money cost;
  bool charged = false;
  bool lost = false; // Its answer will not come.
};

struct world {
  explicit world(uint64_t seed)
    : random{seed},
      quantum{below(2) == 0 ? 2'000 : dollar / 100},
      bias{below(3) == 0 ? 0 : below(150'000) - 50'000},
      truth{money{20 * dollar}, quantum} {
    books.emplace(account_id{1}, "a", make_rules(quantum));
    ask();
    answer();
  }

  int64_t below(int64_t n) {
    return std::uniform_int_distribution<int64_t>{0, n - 1}(random);
  }

  void begin_call() {
    const auto cost = money{1 + below(dollar / 2)};
    const auto estimate = cost + money{below(dollar / 4)};
    // Doubts end by readings only: nothing is assumed in this world.
    if (books->hold(id(next), estimate, floor_of_all, now + 1'000h, now)
        != ec::ok)
      return;
    call x{now + milliseconds{1 + below(call_max.count())}, cost, false, false};
    x.lost = below(12) == 0;
    x.charged = !x.lost || below(2) == 0;
    const auto span = (x.until - now).count();
    const auto charged_at
      = now + milliseconds{below(x.lost ? call_max.count() : span)};
    if (x.charged)
      truth.serve(cost, charged_at,
                  charged_at + milliseconds{below(lag.count())});
    calls.emplace(next++, x);
  }

  void end_calls() {
    for (auto i = calls.begin(); i != calls.end();) {
      const auto& [n, x] = *i;
      if (x.until > now) {
        ++i;
        continue;
      }
      if (x.lost)
        REQUIRE(books->doubt(id(n), now + 1'000h, now) == ec::ok);
      else
        settle(n, x.cost);
      i = calls.erase(i);
    }
  }

  /// Books up to 5 % less, or 10 % more, than the provider charges.
  void settle(uint64_t n, money cost) {
    const auto error = money{cost.nanos / 1'000'000 * bias};
    REQUIRE(books->settle(id(n), cost + error, now) == ec::ok);
    if (error < money{})
      missed.emplace_back(now, -error);
  }

  /// What we booked too little since the window of the last reading began: no
  /// reading can have shown it yet.
  money unseen_error() const {
    money result;
    for (const auto& [at, error] : missed)
      if (at >= last_asked - lag)
        result += error;
    return result;
  }

  /// The probe reaches the provider some time after the question was stamped,
  /// and its answer takes a while.
  void ask() {
    asked = books->cut(now);
    read_at = now + milliseconds{below(2'000)};
    answered_at = read_at + milliseconds{below(5'000)};
    figure.reset();
  }

  void answer() {
    figure = truth.figure();
    books->reading(*figure, asked, now);
    last_asked = asked.at;
    asked = {};
  }

  void probe() {
    if (asked.seq == 0)
      return;
    if (!figure && now >= read_at)
      figure = truth.figure();
    if (figure && now >= answered_at) {
      books->reading(*figure, asked, now);
      books->reading(*figure, asked, now); // A repeat is none.
      last_asked = asked.at;
      asked = {};
    }
  }

  void restart() {
    const auto fresh = books->take_entries();
    written.insert(written.end(), fresh.begin(), fresh.end());
    const auto ended = endings_of(written)[account_id{1}];
    books.emplace(books->snapshot(), make_rules(quantum), ended);
    books->doubt_all(now + 1'000h, now);
    calls.clear();
    asked = {};
  }

  void step() {
    now = now + milliseconds{below(3'000)};
    truth.pass(now);
    end_calls();
    probe();
    const auto dice = below(100);
    if (dice < 60) {
      if (now >= quiet_until)
        begin_call();
    } else if (dice < 62) {
      truth.add(money{below(3) * dollar});
    } else if (dice < 64) {
      const auto x = money{below(dollar / 2)};
      truth.add(-x);
      others += x;
    } else if (dice < 74 && asked.seq == 0) {
      ask();
    } else if (dice == 98) {
      quiet_until = now + milliseconds{below(400'000)};
    } else if (dice == 99 && below(3) == 0) {
      restart();
    }
    // What others took is no fault of ours, but all else is.
    REQUIRE(truth.left()
            >= floor_of_all - others - quantum - unseen_error());
  }

  std::mt19937_64 random;
  timestamp now{1'000'000'000};
  money quantum;
  int64_t bias; // Of what we book, in parts per million.
  site truth;
  std::optional<ledger> books;
  std::vector<ledger_entry> written;
  std::map<uint64_t, call> calls;
  uint64_t next = 0;
  money others;
  std::vector<std::pair<timestamp, money>> missed;
  timestamp quiet_until;
  timestamp last_asked;
  reading_cut asked;
  timestamp read_at;
  timestamp answered_at;
  std::optional<money> figure;
};

} // namespace

TEST_CASE("the provider's balance is never overspent, and is known at rest",
          "[ledger][property]") {
  uint64_t doubts = 0;
  uint64_t holds = 0;
  for (uint64_t seed = 1; seed <= 10'000; ++seed) {
    INFO("seed " << seed);
    world it{seed};
    for (int i = 0; i < 400; ++i)
      it.step();
    // At rest, one reading ends all doubts and makes the books exact.
    it.now = it.now + call_max;
    it.truth.pass(it.now);
    it.end_calls();
    doubts += it.books->in_doubt();
    holds += it.next;
    it.now = it.now + call_max + lag + 1s;
    it.truth.pass(it.now);
    it.ask();
    it.answer();
    REQUIRE(it.books->in_doubt() == 0);
    REQUIRE(it.books->head().held == money{});
    const auto off = it.books->head().balance - *it.figure;
    REQUIRE(off <= it.quantum);
    REQUIRE(off >= -it.quantum);
    REQUIRE(it.books->available() <= it.truth.left() + it.quantum);
  }
  // The world was busy enough to prove something.
  CHECK(doubts > 10'000);
  CHECK(holds > 500'000);
}
