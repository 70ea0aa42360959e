#pragma once

#include "messages/failure.hpp"
#include "messages/job.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rota {

/// One row of config/failure_rules.yaml, whose head explains the fields. A
/// condition that is absent matches everything; scope, action and failover
/// follow from the class where the file does not say them.
struct failure_rule {
  /// Names the rule in faults and in `rota explain`.
  std::string name;
  std::vector<provider> providers;
  std::vector<int> statuses;
  /// Exact values of the structured code of the body (error.code,
  /// error.details.error_code, Google's details[].reason and quotaId, the
  /// top-level code of sub2api, error.metadata.limit_source). Empty: the body
  /// has no code. "PerDay" and "PerMinute" stand for any quotaId that
  /// contains them, "unified_rejected" for the header
  /// anthropic-ratelimit-unified-status: rejected.
  std::vector<std::string> codes;
  /// Exact values of error.type or Google's error.status.
  std::vector<std::string> types;
  /// Regular expression (ECMAScript, case-insensitive) over the error
  /// message, or over a body that is no JSON.
  std::string text;
  /// Nothing but blanks came as the body.
  bool empty_body = false;
  failure_class cls = failure_class::upstream_error;
  failure_scope scope = failure_scope::account;
  account_action action = account_action::penalty;
  bool failover = true;
  charge charged = charge::no;
  /// Fixed duration; absent: what the answer says, else back-off.
  std::optional<milliseconds> cooldown;
  /// Ignore what the answer says about when to come back.
  bool ignore_retry_after = false;
  /// Number of the group of `text` that holds the amount needed, in USD; 0:
  /// none.
  int needed_group = 0;
  /// Until the next midnight in Los Angeles, or the first of the next month in
  /// UTC.
  enum class until : uint8_t { none = 0, pacific_midnight, next_month };
  until ends = until::none;
};

struct failure_rules_result {
  std::vector<failure_rule> rules;
  /// "12: class: what is wrong; what would be right" each, by line.
  std::vector<std::string> faults;
};

/// Reads a rule file (YAML).
failure_rules_result parse_failure_rules(const std::string& yaml);

/// The rules that ship with rota: config/failure_rules.yaml, built in.
const std::string& built_in_failure_rules();

/// The prices that ship with rota: config/prices.json, built in.
const std::string& built_in_prices();

} // namespace rota
