#pragma once

#include "messages/account_state.hpp"
#include "messages/attempt.hpp"
#include "messages/failure.hpp"
#include "messages/ids.hpp"
#include "messages/job.hpp"
#include "messages/ledger.hpp"
#include "messages/money.hpp"
#include "messages/time.hpp"
#include "messages/usage.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rota {

/// Asks an account to keep back the cost of a job's next attempt.
struct hold_request {
  job_ptr work;
  uint32_t attempt = 1;
  /// The estimate at list price; the account applies its multiplier.
  money list_cost;
};

/// An account's yes. From here on the money is held.
struct hold_grant {
  account_id account;
  std::string account_name;
  hold_id hold;
  money amount;
  provider kind = provider::openai;
  /// What the account pays in relation to the list price.
  factor multiplier;
  /// To be told in the attempt's report.
  attempt_serial serial;
  /// Its site refuses requests that ask for their usage.
  bool refuses_asking = false;
};

/// How an attempt went, for the account's health and limits.
struct attempt_report {
  verdict judged;
  attempt_serial serial;
  std::string model;
  int status = 0;
  milliseconds first_byte{0};
  milliseconds total{0};
  usage used;
  /// It was booked at a price that may be another model's.
  bool guessed_price = false;
  /// It was refused for asking for its usage.
  bool refuses_asking = false;
};

/// How the last question for a balance went.
struct probe_report {
  timestamp at;
  /// Empty where it was answered; else one sentence.
  std::string error;
  /// What the site says against the account itself: auth_invalid where it
  /// refuses the key, account_banned where it has banned its user, else none.
  failure_class against = failure_class::none;
};

/// What a provider charges for a model in relation to the price table.
struct model_factor {
  std::string model;
  factor price_factor;
};

/// An account as people see it.
struct account_view {
  account_id id;
  std::string name;
  /// Not configured any more; it ends the holds it has.
  bool removed = false;
  provider kind = provider::openai;
  std::string host;
  admin_state admin = admin_state::ready;
  health_state health = health_state::healthy;
  funds_state funds = funds_state::unknown;
  money reading;
  timestamp read_at;
  money posted;
  money held;
  money available;
  money floor;
  /// The smallest hold of this run; 0: none was made.
  money least_hold;
  /// What new requests may charge: nothing where it serves none until a person,
  /// a probe or a reading says otherwise.
  money spendable;
  uint32_t in_flight = 0;
  uint32_t limit = 0;
  uint32_t in_doubt = 0;
  money in_doubt_amount;
  /// The holds in doubt, the oldest first; at most 1,000.
  std::vector<open_hold> doubts;
  uint64_t calls = 0;
  uint64_t failures = 0;
  /// Attempts that succeeded in this run.
  uint64_t successes = 0;
  uint64_t overruns = 0;
  uint64_t lates = 0;
  /// In the last hour of this run: charges above their holds and after their
  /// ends, and what readings lacked without an explanation.
  uint64_t overruns_per_hour = 0;
  uint64_t lates_per_hour = 0;
  money unexplained_per_hour;
  /// Whether the last reading is too old to be relied upon.
  bool stale = false;
  /// After how long a charge shows up in a reading at the latest: what is
  /// configured, or what was learnt.
  milliseconds posting_lag{0};
  /// What the provider charges in relation to the price table and the
  /// multiplier, and whether that has been off for long.
  factor price_factor;
  bool price_off = false;
  /// Which models' prices are, as far as is known.
  std::vector<model_factor> prices_off;
  money spent;
  timestamp last_used;
  /// Until when the account serves nothing; else until when it does not serve
  /// the first model that comes back.
  timestamp cooldown_until;
  /// Why it is not healthy, has no money or cools down.
  std::string reason;
  /// The first to come back comes first.
  std::vector<model_cooldown> cooling;
  /// In this run; "never" where its provider was not asked yet.
  probe_report probe;
  std::vector<std::string> models;
  std::vector<std::string> tags;
};

} // namespace rota
