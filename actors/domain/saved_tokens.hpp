#pragma once

#include "messages/ids.hpp"
#include "messages/rate_bucket.hpp"

namespace rota {

/// A job that has waited for tokens for so long has them saved for it.
inline constexpr milliseconds tokens_wait_max{5'000};

/// The tokens of an account that are saved for one job. Where tokens per minute
/// are limited, a large job would wait for ever behind small ones that take
/// them as they come. So half of what comes in is put by for it, until it has
/// what it needs; the other half goes on serving small ones. Pure.
class saved_tokens {
public:
  saved_tokens() = default;

  /// Begins to save what `account` has and half of what it gets.
  saved_tokens(account_id account, const job_id& job, const rate_bucket& has,
               timestamp now);

  /// For whom; of batch 0 and item 0 where nothing is saved.
  const job_id& job() const {
    return job_;
  }

  /// At whose limit; 0: nothing is saved.
  account_id account() const {
    return account_;
  }

  /// Whether a job is to leave that account alone, since it would take of what
  /// is put by. What is saved for a batch's line is so from other lines only:
  /// somebody waits for a request.
  /// @param has What the account has left now.
  bool bars(const job_id& x, int64_t tokens, const rate_bucket& has,
            timestamp now) const;

private:
  account_id account_;
  job_id job_;
  timestamp since_;
  double level_ = 0; // Put by from the beginning; below 0: a debt.
};

} // namespace rota
