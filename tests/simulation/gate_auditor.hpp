#pragma once

#include "config/options.hpp"
#include "messages/account.hpp"

#include <deque>
#include <map>
#include <set>

namespace rota::simulation {

/// Judges when an account is used, written from the specification: not while
/// it cools down, is ejected, exhausted or refused, by one request that tries
/// it afterwards, by a growing number then, and never above its limits. Times
/// are wall times; that jitter makes them longer is no promise.
class gate_auditor {
public:
  struct use {
    hold_id hold;
    size_t live = 0; // With it.
    timestamp lost_at;
    bool early = false; // Nobody else serves it.
  };

  gate_auditor(health_options health, uint32_t max_in_flight,
               uint32_t requests_per_minute);

  /// A request was granted.
  /// @throws violation
  void used(const use& x, timestamp now);

  /// An attempt under way ended.
  void told(const hold_id& id, const verdict& x, timestamp now);

  /// Money came, or somebody says so.
  void refunded() {
    exhausted_ = false;
  }

  /// An operator says that it is well.
  void reset();

  /// A new run begins; call it on what was known when the account's row was
  /// last stored.
  void restarted();

private:
  void close(timestamp now, bool is_guess);
  size_t trials(timestamp now);

  health_options health_;
  uint32_t max_in_flight_;
  uint32_t per_minute_;
  uint32_t failures_ = 0; // In a row.
  bool closed_ = false;   // By an ejection or a cooldown; no success since.
  bool guess_ = false;    // Nobody named its time.
  timestamp closed_at_;
  timestamp back_at_; // Of the success that ended it; "never": long ago.
  /// Used since it closed, and whether that was early.
  std::map<hold_id, use> trials_;
  /// Began before it closed.
  std::set<hold_id> late_;
  /// Began while nothing was wrong.
  std::set<hold_id> plain_;
  timestamp refused_at_; // Its key; "never": not since it served.
  bool disabled_ = false;
  bool exhausted_ = false;
  timestamp eject_until_;
  timestamp cool_until_;
  std::deque<timestamp> uses_;
};

} // namespace rota::simulation
