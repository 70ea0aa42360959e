#pragma once

#include "config/options.hpp"
#include "messages/account.hpp"

#include <map>

namespace rota {

/// One account's observed health, per account and per model. Pure: time and
/// randomness come in as arguments.
///
///   healthy -> degraded (a failure) -> ejected (eject_after in a row)
///   ejected -> probing (its time passed; one request at a time)
///   probing -> healthy (it succeeded) | ejected (twice as long)
class health {
public:
  explicit health(health_options options) : options_{options} {
    // nop
  }

  /// Continues an earlier run.
  health(health_options options, const account_row& row);

  void options(health_options x) {
    options_ = x;
  }

  /// Takes in how an attempt went. `jitter` is uniform in [0, 1).
  void on_attempt(const attempt_report& report, timestamp now, double jitter);

  /// Cools down for a reason that lies outside (its host fails).
  void cool(timestamp until, std::string reason);

  /// A reading or an operator says that there is money again.
  void refunded();

  /// An operator says that its key is good again.
  void reset();

  /// Whether a request for `model` may be sent now.
  /// @returns ok, cooling or ejected. `in_flight` matters while probing.
  ec check(const std::string& model, uint32_t in_flight, timestamp now) const;

  /// The same for any model.
  ec check(uint32_t in_flight, timestamp now) const;

  health_state state(timestamp now) const;

  bool exhausted() const {
    return exhausted_;
  }

  /// When the account as a whole may be used again; "never" if it may now, or
  /// if only a person or a reading helps.
  timestamp cooldown_until(timestamp now) const;

  /// When anything next changes by time alone; "never" if nothing does.
  timestamp next_change(timestamp now) const;

  /// Models that cool down now, sorted.
  std::vector<std::string> cooling_models(timestamp now) const;

  const std::string& reason() const {
    return reason_;
  }

  uint64_t failures() const {
    return failures_;
  }

  /// Peak-EWMA of the time to first byte in microseconds, tau 10 s; 0 while
  /// unknown. A slower sample counts at once, a faster one decays in.
  /// Source: Finagle's PeakEwma load metric.
  int64_t latency_us() const {
    return latency_us_;
  }

  /// Fills in the fields of `row` that health owns.
  void store(account_row& row) const;

  /// Rises with every change worth storing.
  uint64_t revision() const {
    return revision_;
  }

private:
  struct cooldown {
    timestamp until;
    uint32_t times = 0;
  };

  void eject(timestamp now, double jitter);
  milliseconds backoff(uint32_t times, const verdict& x, double jitter) const;
  void on_success(const attempt_report& report, timestamp now);

  health_options options_;
  uint32_t failures_in_row_ = 0;
  uint32_t ejections_ = 0;
  timestamp ejected_until_; // "never" and disabled_ unset: not ejected.
  bool disabled_ = false;   // Only a person helps.
  bool exhausted_ = false;  // Only a reading or a person helps.
  bool probing_ = false;
  cooldown account_;
  std::map<std::string, cooldown, std::less<>> models_;
  uint64_t failures_ = 0;
  int64_t latency_us_ = 0;
  timestamp latency_at_;
  std::string reason_;
  uint64_t revision_ = 0;
};

} // namespace rota
