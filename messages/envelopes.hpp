#pragma once

// What actors send each other beside plain values: values with handles.

#include "messages/account_row.hpp"
#include "messages/actors.hpp"
#include "messages/response_pin.hpp"

namespace rota {

/// What is written at once: all of it or nothing.
struct commit {
  std::vector<ledger_entry> entries;
  std::optional<account_row> account;
  item_result_ptr result;
  std::optional<batch_row> batch;
  /// Alone in a commit, it is not synced: it may be lost with the machine.
  usage_record_ptr record;
  /// A response that an account keeps from now on, and those that are to be
  /// remembered no more.
  std::optional<response_pin> pin;
  std::vector<std::string> unpinned;
  /// Told `token` once it is written; may be absent.
  durable_actor ack;
  uint64_t token = 0;
};

/// Asks for a client's admission.
struct admission_request {
  admission want;
  admittance_actor reply_to;
};

/// How an attempt ended. The account books it and passes `result` on, so that
/// the money and the result are written at once.
struct attempt_end {
  hold_id hold;
  attempt_report report;
  /// The hold's own amount.
  money held;
  /// How many tokens fewer than estimated were used, where that is known;
  /// below 0: more.
  int64_t unused_tokens = 0;
  /// The real cost where report.judged.charged is `yes`.
  money cost;
  /// As far as could be seen, where that is `perhaps`; absent: nothing was.
  std::optional<seen_charge> seen;
  /// Nothing was held: no provider charges for such calls.
  bool is_free = false;
  item_result_ptr result;
  usage_record_ptr record;
  durable_actor ack;
  uint64_t token = 0;
};

/// Asks the dispatcher for an account, and that account for a hold.
struct acquire_request {
  hold_request want;
  /// Told `want.attempt` once the hold is written.
  durable_actor ack;
  /// Accounts that this job has failed on.
  std::vector<account_id> excluded;
  /// Those among them that will refuse it each time.
  std::vector<account_id> refusing;
  /// Those among them that were overloaded: others of their hosts are likely to
  /// be so as well, and come last.
  std::vector<account_id> overloaded;
  /// The job has failed before.
  bool again = false;
  /// How the account is picked is to be told with the lease or the refusal.
  bool explain = false;
  /// Nobody else serves it: an account that failed may be tried before its
  /// time.
  bool early = false;
};

/// Money held at an account, and the account to settle with.
struct lease {
  hold_grant grant;
  account_actor account;
  /// How it was picked, where that was asked for.
  pick_record_ptr why = nullptr;
};

/// An HTTP call.
struct upstream_call {
  uint64_t token = 0;
  upstream_request_ptr request;
  outcome_actor reply_to;
};

struct call_outcome {
  uint64_t token = 0;
  upstream_outcome_ptr outcome;
};

/// An account joins the pool.
struct enlistment {
  account_id account;
  std::string name;
  provider kind = provider::openai;
  /// Accounts of one host share its failures.
  std::string host;
  /// Empty: any.
  std::vector<std::string> models;
  std::vector<std::string> tags;
  account_actor actor;
};

} // namespace rota
