#pragma once

#include "actors/domain/window_sum.hpp"
#include "config/options.hpp"
#include "messages/failure.hpp"
#include "messages/time.hpp"

namespace rota {

enum class next_step : uint8_t {
  give_up = 0, ///< The failure is the job's answer.
  elsewhere,   ///< Ask for another account at once.
  wait,        ///< Every account was tried: wait, then ask for any.
};

/// The judgement over a try that its job's deadline ended: it is held against
/// the account only where the try had most of the job's time.
/// @param had   How long the try took.
/// @param whole From the job's start to its deadline.
verdict judged_late(verdict x, milliseconds had, milliseconds whole);

/// Whether an account will refuse the same request each time, whatever the
/// hour: it serves certain clients only, or none so large.
bool is_lasting(const verdict& x);

/// Whether that all failed so is a fault of the pool, and no other request of
/// the kind can be served: not if it is about this one, or its model.
bool is_of_pool(const verdict& x);

/// One job's budget of attempts and time. Pure.
class retry_budget {
public:
  /// @param billed Attempts that were perhaps charged before.
  retry_budget(const routing_options& options, timestamp deadline,
               uint32_t billed = 0)
    : options_{options}, deadline_{deadline}, billed_{billed} {
    // nop
  }

  /// Judges the job's next step after a failed attempt. Failures before a
  /// byte was sent do not count as attempts.
  next_step after_failure(const verdict& x, bool sent, timestamp now);

  /// Judges the next step when no account is left to ask.
  next_step after_refusal(timestamp now);

  /// How long to wait: uniform in (0, base * 2^n] for the n-th wait from 0,
  /// full jitter. `draw` is uniform in [0, 1). Source: full jitter bounds
  /// contention best among the backoff variants compared by AWS's
  /// architecture blog.
  milliseconds backoff(double draw) const;

  uint32_t attempts() const {
    return attempts_;
  }

private:
  bool over(timestamp now) const;

  routing_options options_;
  timestamp deadline_;
  uint32_t attempts_ = 0;
  uint32_t unsent_ = 0;
  uint32_t billed_ = 0;
  uint32_t rounds_ = 0;
};

/// Bounds the retries of all jobs together: within ten seconds, a part of the
/// requests in that time and so many a second beside. Source: Finagle's and
/// Linkerd's retry budgets, window included. Pure.
class retry_quota {
public:
  void limits(uint32_t percent, uint32_t per_second);

  /// A job is tried for the first time.
  void on_request(timestamp now);

  /// Takes a retry.
  /// @returns False, with nothing taken, if there were too many.
  bool take(timestamp now);

private:
  uint64_t percent_ = 0;
  uint64_t per_second_ = 0;
  window_sum requests_{std::chrono::seconds{10}};
  window_sum retries_{std::chrono::seconds{10}};
};

} // namespace rota
