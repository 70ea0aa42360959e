#include "actors/domain/expected_account.hpp"

#include "tests/support/catch.hpp"

#include <deque>
#include <random>

using namespace rota;

namespace {

hold_request request(int64_t nanos, int64_t tokens,
                     surface route = surface::openai_chat) {
  auto work = std::make_shared<job>();
  work->route = route;
  work->estimate = {tokens, 0};
  return {work, 1, money{nanos}};
}

account_state said(uint64_t version, uint64_t answered, int64_t available) {
  account_state x;
  x.version = version;
  x.answered = answered;
  x.available = money{available};
  x.headroom = money{available};
  x.limit = 10;
  x.tokens = {1'000, 1'000, timestamp{5}};
  return x;
}

} // namespace

TEST_CASE("what an account was asked for counts as granted",
          "[expected_account]") {
  expected_account x;
  REQUIRE(x.publish(said(1, 0, 100)));
  CHECK_FALSE(x.is_asked());
  x.ask(request(30, 200));
  x.ask(request(50, 300));
  CHECK(x.is_asked());
  const auto y = x.expected();
  CHECK(y.available == money{20});
  CHECK(y.headroom == money{20});
  CHECK(y.in_flight == 2);
  CHECK(y.window_calls == 2);
  CHECK(y.tokens.level_at(timestamp{5}) == 500);
  CHECK(y.refusal == ec::ok);
  CHECK(x.said().available == money{100});
}

TEST_CASE("it counts until the account's word contains it",
          "[expected_account]") {
  expected_account x;
  x.publish(said(1, 0, 100));
  x.ask(request(30, 200));
  x.ask(request(50, 300));
  // It granted the first; the second is on its way.
  auto one = said(2, 1, 70);
  one.tokens.level = 800;
  REQUIRE(x.publish(one));
  CHECK(x.expected().available == money{20});
  CHECK(x.expected().tokens.level_at(timestamp{5}) == 500);
  // It declined the second.
  auto both = one;
  both.version = 3;
  both.answered = 2;
  REQUIRE(x.publish(both));
  CHECK_FALSE(x.is_asked());
  CHECK(x.expected().available == money{70});
  CHECK(x.expected().tokens.level_at(timestamp{5}) == 800);
}

TEST_CASE("an older word changes nothing", "[expected_account]") {
  expected_account x;
  x.ask(request(30, 0));
  REQUIRE(x.publish(said(2, 1, 100)));
  CHECK_FALSE(x.publish(said(1, 0, 500)));
  CHECK(x.expected().available == money{100});
  CHECK(x.publish(said(2, 1, 90))); // One as old may correct it.
  CHECK(x.expected().available == money{90});
}

TEST_CASE("an account that left and came back answered others, too",
          "[expected_account]") {
  expected_account x;
  REQUIRE(x.publish(said(9, 1'000, 100)));
  x.ask(request(30, 0));
  CHECK(x.expected().available == money{70});
  REQUIRE(x.publish(said(10, 1'001, 70)));
  CHECK(x.expected().available == money{70});
}

TEST_CASE("whose places are all asked for is at its limit",
          "[expected_account]") {
  expected_account x;
  auto y = said(1, 0, 100);
  y.limit = 2;
  y.in_flight = 1;
  x.publish(y);
  CHECK(x.expected().refusal == ec::ok);
  x.ask(request(1, 0));
  CHECK(x.expected().refusal == ec::at_limit);
  CHECK(x.expected().free_refusal == ec::at_limit);
  y.version = 2;
  y.refusal = ec::cooling; // A better reason stays.
  x.publish(y);
  CHECK(x.expected().refusal == ec::cooling);
  CHECK(x.expected().free_refusal == ec::at_limit);
}

TEST_CASE("what costs nothing takes no tokens", "[expected_account]") {
  expected_account x;
  x.publish(said(1, 0, 100));
  x.ask(request(0, 700, surface::anthropic_count));
  CHECK(x.expected().tokens.level_at(timestamp{5}) == 1'000);
  CHECK(x.expected().in_flight == 1);
}

TEST_CASE("in any order of asking and answering it is the sum of what is open",
          "[expected_account]") {
  std::mt19937 random{7};
  for (int round = 0; round < 200; ++round) {
    expected_account x;
    std::deque<std::pair<int64_t, int64_t>> open;
    int64_t available = 1'000'000;
    int64_t tokens = 1'000'000;
    uint64_t version = 1, answered = 0;
    const auto word = [&] {
      auto y = said(version++, answered, available);
      y.tokens = {2'000'000, static_cast<double>(tokens), timestamp{5}};
      y.limit = 1'000;
      return y;
    };
    x.publish(word());
    for (int step = 0; step < 60; ++step) {
      if (random() % 2 == 0) {
        open.emplace_back(random() % 1'000, random() % 1'000);
        x.ask(request(open.back().first, open.back().second));
      } else {
        for (auto n = random() % 3; n > 0 && !open.empty(); --n) {
          if (random() % 4 != 0) { // Granted.
            available -= open.front().first;
            tokens -= open.front().second;
          }
          ++answered;
          open.pop_front();
        }
        x.publish(word());
      }
      auto cost = available;
      auto left = tokens;
      for (const auto& [c, n] : open) {
        cost -= c;
        left -= n;
      }
      const auto y = x.expected();
      REQUIRE(y.available == money{cost});
      REQUIRE(y.tokens.level_at(timestamp{5}) == static_cast<double>(left));
      REQUIRE(y.in_flight == open.size());
      REQUIRE(x.is_asked() == !open.empty());
    }
  }
}
