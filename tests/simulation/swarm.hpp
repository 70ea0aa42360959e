#pragma once

#include "messages/money.hpp"
#include "messages/time.hpp"
#include "tests/simulation/random.hpp"

namespace rota::simulation {

/// What one seed's world is like. Each seed draws which faults exist at all,
/// so that one fault does not hide what another would show.
struct swarm {
  explicit swarm(dice& random);

  int64_t accounts;
  int64_t items;
  /// Items under way at once.
  int64_t parallel;
  /// Every charge shows up within this.
  milliseconds lag;
  money quantum;
  money floor;
  money balance;
  /// What a call is estimated at, at most.
  money call;
  milliseconds probe_interval;
  /// Readings become stale then, and what that means.
  milliseconds stale_after;
  int64_t stale_percent;
  bool stale_stops;
  milliseconds total_timeout;
  milliseconds hold_margin{30'000};
  milliseconds doubt_grace;
  milliseconds disk_most;
  uint32_t max_in_flight;
  uint32_t requests_per_minute;

  // Chances per thousand; zero where the seed has no such fault.
  int64_t drop;      ///< The end of an attempt is never told.
  int64_t delay;     ///< It is told late, perhaps after its hold expired.
  int64_t duplicate; ///< Anything is told twice.
  int64_t crash;     ///< Per event, of 10,000.
  int64_t jump;      ///< The wall clock stands elsewhere after a crash.
  int64_t lie;       ///< A reading says anything.
  int64_t silent;    ///< The provider does not answer what is left.
  int64_t late;      ///< A charge shows up later than is promised.
  int64_t top_up;    ///< A stranger pays in.
  int64_t foreign;   ///< A stranger spends.
  int64_t bias;      ///< A call costs more than its estimate.
  int64_t failure;   ///< A call fails.
  int64_t doubt;     ///< Of failures: nobody knows whether it was charged.
  int64_t word;      ///< The truth about a doubt comes to light.
  int64_t will;      ///< An operator adjusts or resets.
};

} // namespace rota::simulation
