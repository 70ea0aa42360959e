#pragma once

#include "messages/ec.hpp"
#include "messages/ids.hpp"
#include "messages/money.hpp"
#include "messages/rate_bucket.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

} // namespace rota
