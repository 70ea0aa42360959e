#pragma once

#include "config/options.hpp"
#include "messages/account.hpp"

#include <deque>

namespace rota::simulation {

/// Judges when an account is used, written from the specification: not while
/// it cools down, is ejected, exhausted or refused, one request at a time while
/// it is probed, and never above its limits. Times are wall times.
class gate_auditor {
public:
  gate_auditor(health_options health, uint32_t max_in_flight,
               uint32_t requests_per_minute);

  /// A request was granted; `live` with it.
  /// @throws violation
  void used(size_t live, timestamp now);

  /// An attempt under way ended.
  void told(const verdict& x, timestamp now);

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
  health_options health_;
  uint32_t max_in_flight_;
  uint32_t per_minute_;
  uint32_t failures_ = 0; // In a row.
  bool ejected_ = false;  // And no success since.
  bool probed_ = false;   // Used since, to see whether it is well.
  /// A success came of an attempt from before the ejection. Whether that was
  /// over by then is not known here: its jitter, and the longer time of one
  /// that is not the first, are no promises.
  bool unsure_ = false;
  bool disabled_ = false;
  bool exhausted_ = false;
  timestamp eject_until_;
  timestamp cool_until_;
  std::deque<timestamp> uses_;
};

} // namespace rota::simulation
