#include "messages/ids.hpp"
#include "messages/money.hpp"
#include "messages/time.hpp"

#include "tests/support/catch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <random>
#include <unordered_set>

using namespace rota;
using namespace std::chrono_literals;

namespace {

/// Whether a broken invariant stops the process that breaks it.
template <class F>
bool aborts(F f) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(STDERR_FILENO);
    ::signal(SIGABRT, SIG_DFL);
    f();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/// So that the compiler does not do the sum.
volatile int64_t most = INT64_MAX;

} // namespace

TEST_CASE("sums of money are checked", "[money]") {
  CHECK(money{5} + money{-7} == money{-2});
  CHECK(money{5} - money{7} == money{-2});
  CHECK(-money{5} == money{-5});
  auto x = money{1};
  x += money{2};
  x -= money{5};
  CHECK(x == money{-2});
  CHECK(money{1} < money{2});
  CHECK_FALSE(aborts([] { std::ignore = money{most} + money{0}; }));
  CHECK(aborts([] { std::ignore = money{most} + money{1}; }));
  CHECK(aborts([] { std::ignore = money{-most} - money{2}; }));
  CHECK(aborts([] { std::ignore = -money{-most - 1}; }));
}

TEST_CASE("the whole range of money reads back", "[money][property]") {
  for (const auto nanos : {INT64_MIN, INT64_MIN + 1, int64_t{-1}, int64_t{0},
                           int64_t{1}, INT64_MAX - 1, INT64_MAX}) {
    INFO(nanos);
    CHECK(parse_money(to_string(money{nanos})) == money{nanos});
    CHECK(parse_money(to_decimal(money{nanos})) == money{nanos});
  }
  CHECK_FALSE(parse_money("9223372036.854775808"));
  CHECK_FALSE(parse_money("-9223372036.854775809"));
}

TEST_CASE("text that is read as money reads the same again",
          "[money][property]") {
  // Random texts out of the characters that could matter.
  constexpr std::string_view letters = "0123456789..--+e ,";
  std::mt19937_64 random{5};
  int good = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (auto size = 1 + random() % 7; size > 0; --size)
      text += letters[random() % letters.size()];
    INFO(text);
    const auto x = parse_money(text);
    if (!x)
      continue;
    ++good;
    REQUIRE(text.find_first_not_of("0123456789.-") == std::string::npos);
    REQUIRE(parse_money(to_string(*x)) == x);
    REQUIRE(parse_money(to_decimal(*x)) == x);
    REQUIRE(to_string(*x).size() <= to_decimal(*x).size());
  }
  CHECK(good > 1'000);
}

TEST_CASE("factors read back", "[money][property]") {
  std::mt19937_64 random{6};
  for (int i = 0; i < 20'000; ++i) {
    const factor x{static_cast<int64_t>(random() >> 1 >> (random() % 60))};
    REQUIRE(parse_factor(to_string(x)) == x);
  }
  for (const auto* bad : {"", "-0.5", "1e2", "1.0000001", "x", ".5", "1."})
    CHECK_FALSE(parse_factor(bad));
}

TEST_CASE("times agree with the C library", "[time][property]") {
  std::mt19937_64 random{7};
  for (int i = 0; i < 20'000; ++i) {
    // Up to the year 2100.
    const timestamp t{1 + static_cast<int64_t>(random() % 4'102'444'800'000)};
    const auto seconds = static_cast<std::time_t>(t.millis / 1'000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char date[32];
    std::strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
    char text[48];
    std::snprintf(text, sizeof(text), "%s.%03dZ", date,
                  static_cast<int>(t.millis % 1'000));
    REQUIRE(to_string(t) == text);
  }
}

TEST_CASE("times and spans add up", "[time]") {
  const timestamp t{1'000};
  CHECK(t + 5s == timestamp{6'000});
  CHECK(t - 2s == timestamp{-1'000});
  CHECK((t + 5s) - t == 5s);
  CHECK(t < t + 1ms);
}

TEST_CASE("a wall clock follows the steady one", "[time]") {
  const auto steady = std::chrono::steady_clock::time_point{} + 1h;
  const wall_clock clock{timestamp{1'795'435'200'000}, steady};
  CHECK(clock.at(steady) == clock.wall);
  CHECK(clock.at(steady + 90s) == clock.wall + 90s);
  CHECK(clock.at(steady - 1ms) == clock.wall - 1ms);
}

TEST_CASE("identifiers are written as people read them", "[ids]") {
  CHECK(to_string(batch_id{17}) == "batch_17");
  CHECK(to_string(job_id{batch_id{17}, 42}) == "batch_17:42");
  CHECK(to_string(job_id{{}, 42}) == "job_42");
  CHECK(to_string(hold_id{{{}, 42}, 256 * 2 + 255}) == "job_42#2.255");
  std::mt19937_64 random{8};
  for (int i = 0; i < 10'000; ++i) {
    const batch_id x{1 + (random() >> (random() % 64)) / 2};
    REQUIRE(parse_batch_id(to_string(x)) == x);
    REQUIRE(parse_batch_id(std::to_string(x.value)) == x);
  }
  CHECK(parse_batch_id("18446744073709551615") == batch_id{UINT64_MAX});
  for (const auto* bad : {"18446744073709551616", "batch_ 1", " 1", "1 ",
                          "Batch_1", "batch_batch_1", "batch-1", "job_1"})
    CHECK_FALSE(parse_batch_id(bad));
}

TEST_CASE("holds of neighbours hash apart", "[ids]") {
  // What one batch makes: lines in a row, two tries each, in few buckets.
  std::unordered_set<size_t> all;
  std::vector<int> buckets(4'096);
  for (uint64_t item = 0; item < 32'768; ++item)
    for (const uint32_t attempt : {257u, 258u}) {
      const auto h = std::hash<hold_id>{}({{batch_id{3}, item}, attempt});
      CHECK(all.insert(h).second);
      ++buckets[h % buckets.size()];
    }
  // Sixteen a bucket on average.
  CHECK(*std::max_element(buckets.begin(), buckets.end()) < 64);
}
