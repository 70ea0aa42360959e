#include "actors/domain/waiting_line.hpp"

#include "tests/support/catch.hpp"

#include <array>
#include <memory>

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr timestamp soon{1'000'000};

hold_request request(int64_t nanos, timestamp deadline = {},
                     uint64_t batch = 0) {
  auto work = std::make_shared<job>();
  work->model = "m";
  work->id.batch = batch_id{batch};
  work->deadline = deadline;
  return {work, 1, money{nanos}};
}

no_pick none(bool is_soon, timestamp earliest = {}) {
  no_pick x;
  x.is_soon = is_soon;
  x.earliest = earliest;
  return x;
}

} // namespace

TEST_CASE("jobs of one line differ by less than twice", "[waiting_line]") {
  const auto line = [](int64_t nanos) {
    return line_of(request(nanos), {}, {});
  };
  CHECK(line(0) == line(1));
  for (int64_t cost = 1; cost < (int64_t{1} << 60); cost *= 2) {
    CHECK(line(cost) == line(2 * cost - 1));
    CHECK(line(cost) != line(2 * cost));
  }
}

TEST_CASE("whoever wants something else stands elsewhere", "[waiting_line]") {
  const auto x = request(100);
  const auto plain = line_of(x, {}, {});
  CHECK(line_of(x, {}, {}) == plain);
  CHECK(line_of(x, account_id{3}, {}) != plain);
  const std::array failed{account_id{3}};
  CHECK(line_of(x, {}, failed) != plain);
  for (const auto& change : {+[](job& y) { y.model = "n"; },
                             +[](job& y) { y.tags = {"cheap"}; },
                             +[](job& y) { y.id.batch = batch_id{2}; },
                             +[](job& y) { y.pinned = account_id{}; },
                             +[](job& y) {
                               y.route = surface::anthropic_messages;
                             }}) {
    auto work = std::make_shared<job>(*x.work);
    change(*work);
    CHECK(line_of({work, 1, money{100}}, {}, {}) != plain);
  }
  auto work = std::make_shared<job>(*x.work);
  work->custom_id = "another";
  CHECK(line_of({work, 2, money{100}}, {}, {}) == plain);
}

TEST_CASE("what may end by itself is waited for", "[waiting_line]") {
  const auto line = *request(1, {}, 7).work;
  const auto api = *request(1, soon).work;
  for (const auto why :
       {ec::at_limit, ec::cooling, ec::insufficient_funds, ec::balance_unknown,
        ec::reading_stale, ec::ejected, ec::not_ready, ec::disk_low}) {
    INFO(to_string(why));
    CHECK(may_wait(why, line));
    CHECK(may_wait(why, api));
  }
  for (const auto why : {ec::no_such_model, ec::no_such_tag}) {
    CHECK(may_wait(why, line)); // Another reload may bring it back.
    CHECK_FALSE(may_wait(why, api));
  }
  for (const auto why : {ec::ok, ec::no_account, ec::queue_full, ec::stopping,
                         ec::deadline_passed, ec::retries_spent,
                         ec::cancelled}) {
    INFO(to_string(why));
    CHECK_FALSE(may_wait(why, line));
    CHECK_FALSE(may_wait(why, api));
  }
}

TEST_CASE("who asks no more and waits as long may stand behind",
          "[waiting_line]") {
  const auto lax = request(100);
  const auto hasty = request(100, soon);
  const auto calm = request(100, soon + 1s);
  CHECK(is_no_more_than(lax, lax));
  CHECK(is_no_more_than(lax, hasty));
  CHECK_FALSE(is_no_more_than(hasty, lax));
  CHECK(is_no_more_than(calm, hasty));
  CHECK_FALSE(is_no_more_than(hasty, calm));
  CHECK(is_no_more_than(request(99), lax));
  CHECK_FALSE(is_no_more_than(request(101), lax));
}

TEST_CASE("a job is hopeless if nobody is back before its deadline",
          "[waiting_line]") {
  CHECK_FALSE(is_hopeless(none(false), {})); // It has all the time.
  CHECK_FALSE(is_hopeless(none(true), soon));
  CHECK(is_hopeless(none(false), soon));
  CHECK_FALSE(is_hopeless(none(false, soon), soon));
  CHECK(is_hopeless(none(false, soon + 1ms), soon));
}
