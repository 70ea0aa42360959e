#pragma once

#include "messages/attempt.hpp"
#include "messages/ec.hpp"
#include "messages/failure.hpp"
#include "messages/ids.hpp"
#include "messages/job.hpp"
#include "messages/ledger.hpp"
#include "messages/money.hpp"
#include "messages/rate_bucket.hpp"
#include "messages/time.hpp"
#include "messages/usage.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rota {

/// Observed health.
enum class health_state : uint8_t { healthy = 0, degraded, ejected, probing };

/// The operator's will; stored.
enum class admin_state : uint8_t { ready = 0, drain, maintenance };

/// How the money stands.
enum class funds_state : uint8_t { unknown = 0, funded, low, exhausted };

std::string to_string(health_state x);
std::string to_string(admin_state x);
std::string to_string(funds_state x);
std::optional<admin_state> parse_admin_state(std::string_view text);

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

/// A model that an account does not serve for a while, and why.
struct model_cooldown {
  std::string model;
  timestamp until;
  std::string reason;
  /// From then on it may be tried where nobody else serves; "never": not.
  timestamp early_at = {};
  /// Its time has passed: as many requests as may try it.
  bool is_tried = false;
  /// The site said that there is no such model: a wait will hardly help.
  bool is_missing = false;
};

/// What an account publishes to the dispatcher when it changes: all that
/// ranking needs. May be stale when it is read; the account decides.
struct account_state {
  account_id account;
  /// Rises with each change; an older state never replaces a newer one.
  uint64_t version = 0;
  /// Requests for a hold that it has answered, one way or the other: whoever
  /// counts what it asked knows which of it this state contains.
  uint64_t answered = 0;
  admin_state admin = admin_state::ready;
  health_state health = health_state::healthy;
  funds_state funds = funds_state::unknown;
  /// Whether a hold could be granted now, and if not, why.
  ec refusal = ec::ok;
  /// The same for a call that costs nothing.
  ec free_refusal = ec::ok;
  /// What it may still be sent of this minute's tokens.
  rate_bucket tokens;
  /// reading - posted - held.
  money available;
  /// The dearest request at list price that leaves the floor untouched.
  money headroom;
  uint32_t in_flight = 0;
  uint32_t limit = 0;
  /// Calls and spend in the `least_used` window.
  uint64_t window_calls = 0;
  money window_spent;
  timestamp last_used;
  /// Peak-EWMA of the time to first byte in microseconds; 0: not known yet.
  int64_t latency_us = 0;
  /// When `refusal` ends by time alone; "never" if it does not, or if that is
  /// not known.
  timestamp back_at;
  /// From then on it may be tried, although refused, where nobody else serves;
  /// "never": not.
  timestamp early_at;
  /// Models that this account cannot serve for now, or no more of; sorted,
  /// mostly absent.
  std::shared_ptr<const std::vector<model_cooldown>> barred_models;
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
