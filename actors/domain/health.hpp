#pragma once

#include "actors/domain/cooldowns.hpp"
#include "actors/domain/peak_ewma.hpp"
#include "config/options.hpp"
#include "messages/account_row.hpp"

namespace rota {

/// One account's observed health, per account and per model. Pure: time and
/// randomness come in as arguments.
///
///   healthy -> degraded (a failure) -> ejected (eject_after in a row)
///   degraded -> healthy (a success)
///   ejected -> probing (its time passed; one request tries it)
///   probing -> healthy (it succeeded) | ejected (twice as long)
///
/// A key that is refused may be good all the same: it is ejected for 30 s, and
/// without an end if it is refused again then, or if a probe agrees. A ban, or
/// a refusal of something else, ejects without an end at once.
///
/// Where only one of its models fails, that cools down after eject_after
/// failures in a row, too: a relay has other channels for it.
///
/// Beside its health stand cooldowns (of the account, of single models) and
/// exhaustion: neither counts as a failure. After a cooldown, too, one request
/// tries what cooled, and what is back gets its load by and by (`circuit`).
/// Requests that began before say nothing new about either, unless the provider
/// names a time. Where no account serves, one whose time is a guess of ours may
/// be tried early; should that fail, it lasts as long again, not longer.
///
/// Time never runs backwards: an earlier `now` than the latest is the latest.
class health {
public:
  explicit health(health_options options) : options_{options} {
    // nop
  }

  /// Continues an earlier run.
  health(health_options options, const account_row& row);

  void options(health_options x);

  /// An attempt begins that `check` allowed. If nothing is heard of it by
  /// `lost_at`, it never ends.
  attempt_serial begin(const std::string& model, timestamp lost_at,
                       timestamp now);

  /// Takes in how an attempt went. `jitter` is uniform in [0, 1) and lengthens
  /// waits by up to a fifth.
  void on_attempt(const attempt_report& report, timestamp now, double jitter);

  /// Cools down for a reason that lies outside (its host fails).
  void cool(timestamp until, std::string reason);

  /// A reading or an operator says that there is money again.
  void refunded();

  /// Whether its key was refused once, and whoever else knows is to be asked.
  bool is_key_doubted() const {
    return refused_at_.millis != 0 && !disabled_;
  }

  /// Only a person helps, says who asked for something else than an answer.
  void disable(failure_class why, std::string reason);

  /// An operator says that its key is good again.
  void reset();

  /// Its key may be another now: one that was refused, once or for good, gets a
  /// try at once.
  void rekeyed();

  /// Whether a request for `model` may be sent now, of `limit` at once where
  /// nothing is wrong.
  /// @param early Nobody else serves it.
  /// @returns ok, cooling, ejected, or at_limit while it is tried.
  ec check(const std::string& model, uint32_t limit, timestamp now,
           bool early = false) const;

  /// The same for any model.
  ec check(uint32_t limit, timestamp now, bool early = false) const;

  /// How many more requests for any model may begin now.
  uint32_t room(uint32_t limit, timestamp now) const;

  /// When the account as a whole may be tried although it is refused; "never"
  /// if it may not.
  timestamp early_at(timestamp now) const;

  health_state state(timestamp now) const;

  bool exhausted() const {
    return exhausted_;
  }

  /// When the account as a whole may be used again; "never" if it may now, or
  /// if only a person or a reading helps.
  timestamp cooldown_until(timestamp now) const;

  /// When anything next changes by time alone; "never" if nothing does.
  timestamp next_change(uint32_t limit, timestamp now) const;

  /// Models that cool down now, sorted.
  std::vector<model_cooldown> cooling_models(timestamp now) const;

  /// Models of which no request may be sent now, sorted.
  std::vector<model_cooldown> barred_models(uint32_t limit,
                                            timestamp now) const;

  /// Why the account as a whole is as it is.
  const std::string& reason() const {
    return reason_;
  }

  uint64_t failures() const {
    return failures_;
  }

  /// Of the time to first byte in microseconds; 0 while unknown.
  int64_t latency_us() const {
    return latency_.value();
  }

  /// Fills in the fields of `row` that health owns.
  void store(account_row& row) const;

  /// Rises with every change worth storing.
  uint64_t revision() const {
    return revision_;
  }

private:
  using trial = std::optional<circuit::trial>;

  timestamp latest(timestamp now) const;
  attempt_serial next() const;
  void act_on_account(const trial& tried, const attempt_report& report,
                      timestamp now, double jitter);
  void act_on_model(const trial& tried, const attempt_report& report,
                    timestamp now, double jitter);
  void doubt_key(timestamp now, double jitter);
  void punish(const trial& tried, const attempt_report& report, timestamp now,
              double jitter);
  void on_success(const trial& tried, const attempt_report& report,
                  timestamp now);

  health_options options_;
  timestamp seen_;
  attempt_serial begun_;
  uint32_t ejections_ = 0;  // Since it last had its full load.
  timestamp ejected_until_; // "never": not ejected. Passed: probing.
  timestamp refused_at_;    // Its key, first; "never": not since it served.
  bool disabled_ = false;   // Only a person helps.
  bool exhausted_ = false;  // Only a reading or a person helps.
  cooldown account_;        // Open while it is ejected, too.
  model_cooldowns models_;
  uint64_t failures_ = 0;
  peak_ewma latency_;
  std::string reason_;
  uint64_t revision_ = 0;
};

} // namespace rota
