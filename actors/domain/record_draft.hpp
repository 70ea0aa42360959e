#pragma once

#include "actors/domain/pricing.hpp"
#include "messages/account.hpp"
#include "messages/job.hpp"
#include "messages/record.hpp"

#include <memory>
#include <string>

namespace rota {

/// The record of one request while it runs: told of each step once, in order.
/// Pure.
class record_draft {
public:
  /// The attempts of the job name the run of the daemon.
  explicit record_draft(const job& work);

  /// Money is held for an attempt.
  /// @param why How the account was picked; may be null.
  void held(const hold_grant& x, pick_record_ptr why, timestamp now);

  /// What its model costs, where that is to be paid.
  void priced(const price_match& x);

  /// The attempt's request leaves for the provider.
  void sent(timestamp now);

  /// An answer came to the attempt, or none.
  /// @param first_content Since the arrival, where content has reached the
  ///                      client by then; else zero.
  void answered(const attempt_report& x, money cost,
                milliseconds first_content);

  /// No account could be picked; the latest such pick is kept.
  void unpicked(pick_record_ptr why);

  /// The end. Nothing may be told after it.
  /// @param error_code Empty if the request succeeded.
  usage_record_ptr finish(request_outcome x, std::string error_code,
                          timestamp now);

private:
  std::shared_ptr<usage_record> record_;
  pick_record_ptr last_refusal_;
  timestamp sent_at_;
};

/// The record of a request that had no runner: its client may not have it, or
/// left before it had.
usage_record_ptr record_without_runner(const job& work, request_outcome what,
                                       int status, std::string error_code,
                                       timestamp now);

} // namespace rota
