#pragma once

#include "messages/ec.hpp"
#include "messages/rate_bucket.hpp"

#include <cstdint>

namespace rota {

struct limiter_options {
  uint32_t max_in_flight = 8;
  uint32_t requests_per_minute = 0; ///< 0: no limit.
  uint32_t tokens_per_minute = 0;   ///< 0: no limit.
};

/// How many requests an account may have in flight and per minute. The window
/// of concurrency adapts by AIMD: one more per window of successes, x 0.7
/// after a rate limit, x 0.9 after a timeout, never below 1. The rates are
/// token buckets that refill continuously; a request of more tokens than a
/// minute has passes on a full bucket and leaves a debt. Pure.
class limiter {
public:
  explicit limiter(limiter_options options);

  void options(limiter_options x);

  /// @returns ok or at_limit.
  ec check(int64_t tokens, timestamp now) const;

  /// Takes a place; `check` must have said ok.
  void acquire(int64_t tokens, timestamp now);

  /// Gives the place back.
  void release();

  /// A request used so many tokens fewer than was taken for it; below 0: more.
  void give_back(int64_t tokens, timestamp now);

  void on_success();
  void on_throttle();
  void on_timeout();

  uint32_t in_flight() const {
    return in_flight_;
  }

  uint32_t limit() const;

  /// What may be taken of this minute's tokens.
  const rate_bucket& tokens() const {
    return tokens_;
  }

  /// When `check` may next say ok by time alone; "never" if it does not
  /// depend on time.
  timestamp next_refill(int64_t tokens, timestamp now) const;

private:
  limiter_options options_;
  uint32_t in_flight_ = 0;
  double window_;
  rate_bucket requests_;
  rate_bucket tokens_;
};

} // namespace rota
