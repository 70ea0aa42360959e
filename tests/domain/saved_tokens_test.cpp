#include "actors/domain/saved_tokens.hpp"

#include "tests/support/catch.hpp"

using namespace rota;
using namespace std::chrono_literals;

namespace {

constexpr timestamp start{1'000'000};

constexpr account_id saver{7};

/// A bucket of 6,000 a minute: 100 a second come in.
rate_bucket has(double level, timestamp at = start) {
  return {6'000, level, at};
}

job_id line(uint64_t item, uint64_t batch = 1) {
  return {batch_id{batch}, item};
}

job_id request(uint64_t item) {
  return {batch_id{}, item};
}

} // namespace

TEST_CASE("half of the tokens that come in are saved", "[saved_tokens]") {
  const saved_tokens x{saver, request(1), has(1'000), start};
  // At once, nothing may be taken.
  CHECK(x.bars(request(2), 1, has(1'000), start));
  // After ten seconds 1,000 have come in, and 500 of them may be taken.
  const auto later = start + 10s;
  CHECK_FALSE(x.bars(request(2), 500, has(1'000), later));
  CHECK(x.bars(request(2), 501, has(1'000), later));
  CHECK_FALSE(x.bars(request(2), 0, has(1'000), later));
  // Those were taken: the next half is waited for.
  CHECK(x.bars(request(3), 500, has(1'500, later), later));
  CHECK_FALSE(x.bars(request(3), 500, has(1'500, later), later + 10s));
}

TEST_CASE("whatever small jobs take, the large one has its tokens in twice the "
          "time",
          "[saved_tokens]") {
  for (const int64_t small : {1, 7, 50, 300, 1'000}) {
    for (const double level : {-500.0, 0.0, 2'000.0}) {
      INFO(small << " " << level);
      const saved_tokens x{saver, request(1), has(level), start};
      auto bucket = has(level);
      int64_t taken = 0;
      auto t = start;
      // Needs 5,000; 100 come in each second.
      for (; !bucket.has(5'000, t); t = t + 100ms)
        while (!x.bars(request(2), small, bucket, t) && bucket.has(small, t)) {
          bucket.take(small, t);
          taken += small;
        }
      const auto missing = 5'000 - level;
      const auto seconds = static_cast<double>((t - start).count()) / 1'000;
      CHECK(seconds <= missing / 50 + 0.2);
      // And the small ones were not shut out meanwhile.
      CHECK(static_cast<double>(taken + small) >= missing / 2);
    }
  }
}

TEST_CASE("requests take what is saved for a line of a batch",
          "[saved_tokens]") {
  const saved_tokens x{saver, line(1), has(0), start};
  CHECK(x.bars(line(2), 1, has(0), start));
  CHECK(x.bars(line(1, 2), 1, has(0), start));
  CHECK_FALSE(x.bars(request(1), 1, has(0), start));
}

TEST_CASE("nobody is barred from what is saved for him, or from nothing",
          "[saved_tokens]") {
  const saved_tokens x{saver, line(1), has(0), start};
  CHECK_FALSE(x.bars(line(1), 5'000, has(0), start));
  CHECK_FALSE(saved_tokens{}.bars(line(1), 5'000, has(0), start));
  CHECK_FALSE(saved_tokens{}.bars(request(0), 5'000, has(0), start));
  // A reload took the limit away.
  CHECK_FALSE(x.bars(line(2), 5'000, {}, start));
}
