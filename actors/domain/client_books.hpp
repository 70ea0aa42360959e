#pragma once

#include "actors/domain/client_error.hpp"
#include "actors/domain/limiter.hpp"
#include "config/client_options.hpp"
#include "messages/client.hpp"
#include "messages/ledger.hpp"
#include "messages/money_sum.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rota {

/// What one client of the API may still have: its rates and its caps. Pure.
///
/// A job that is admitted keeps its estimate back until it ends; while an
/// account holds more than that for it, that counts instead. What becomes of
/// the money is read from the entries of the accounts' books, so a client's
/// books and theirs cannot differ: a hold in doubt stays held, whatever is
/// charged is spent, be it late or above the hold. A job that is tried again
/// after a call in doubt counts twice, and may take a cap beyond its end by
/// that: it was admitted once.
class client_books {
public:
  explicit client_books(client_head head);

  void options(const client_options& x);

  /// Takes over a hold that an earlier run has left.
  void remember(const open_hold& x);

  /// Keeps a job's estimate back, or says why not and until when.
  admittance admit(const admission& x, timestamp now);

  /// The job has ended; what is held for it by then is the accounts' affair.
  void end(job_id x);

  /// Takes the next entry about one of its jobs, in the order of their writing.
  void see(const ledger_entry& x);

  client_view view(timestamp now) const;

  const client_head& head() const {
    return head_;
  }

private:
  struct held {
    money amount;
    bool in_doubt = false;
  };

  struct open_job {
    money reserved;
    /// The hold that an account has for it now, which counts in its stead as
    /// far as it exceeds what is reserved.
    std::optional<hold_id> hold;
    money above;
  };

  void hold(const ledger_entry& x);
  void unhold(const hold_id& x);
  open_job* job_of(const hold_id& x);
  void doubt(const ledger_entry& x);
  admittance check(const admission& x, timestamp now) const;
  money day_spent(timestamp now) const;
  money month_spent(timestamp now) const;

  client_head head_;
  client_options options_;
  limiter rates_;
  std::unordered_map<uint64_t, open_job> jobs_; // By item.
  std::unordered_map<hold_id, held> holds_;
  money_sum held_;    // By jobs and holds, each once.
  money_sum doubted_; // The part of it that is in doubt.
  uint64_t refused_ = 0;
};

/// What a client is told that is not served: 429, in words that say which of
/// its own limits it met, and for how long.
refusal_words words_of(const admittance& x, timestamp now);

} // namespace rota
