#pragma once

#include "messages/account.hpp"
#include "messages/alert.hpp"
#include "messages/batch.hpp"
#include "messages/client.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rota {

/// The pool's figures since the start.
struct pool_view {
  uint64_t accounts = 0;
  uint64_t granted = 0;
  /// Holds that an account declined although it was ranked best.
  uint64_t declined = 0;
  /// Jobs that no account could serve, or that failed on all.
  uint64_t refused = 0;
  uint64_t waiting = 0;
  /// Why the longest waiting job waits; ok where none does, or only until an
  /// account is less busy.
  ec waiting_for = ec::ok;
  /// Why no holds are made at all; ok where they are.
  ec halted = ec::ok;
};

/// When a job may be served, as far as time alone says.
struct outlook {
  /// Now, or at any moment: now. By nobody that is known: "never".
  timestamp at;
  /// Why not now; ok if it may.
  ec why = ec::ok;
};

/// An account, its whole host, or every account is not to be used until then.
struct cooldown_notice {
  account_id account;
  failure_scope scope = failure_scope::account;
  timestamp until;
  std::string reason;
};

/// Whose jobs are asked about.
struct waiting_question {
  batch_id batch;
};

/// The jobs of one batch that wait for an account.
struct waiting_view {
  uint64_t jobs = 0;
  /// Why the longest waiting of them does, as in `pool_view`.
  ec why = ec::ok;
  /// Which line of the file that is, from 1, and what it is estimated to cost
  /// at list price.
  uint64_t line = 0;
  money list_cost;
};

/// No new holds are to be made, for this reason; ok: they are again.
struct halt_notice {
  ec why = ec::ok;
};

/// What a provider says is left.
struct balance_reading {
  money figure;
  /// What the account said when the question was about to be sent.
  reading_cut asked;
};

/// A part of a batch's file.
struct lines_wanted {
  batch_id batch;
  /// The first item wanted, from 0.
  uint64_t item = 0;
  uint32_t count = 0;
  /// Fewer lines are read once their text exceeds this; at least one is.
  uint64_t max_bytes = 1'048'576;
};

using account_views_ptr = std::shared_ptr<const std::vector<account_view>>;
using client_views_ptr = std::shared_ptr<const std::vector<client_view>>;
using alerts_ptr = std::shared_ptr<const std::vector<alert>>;

} // namespace rota
