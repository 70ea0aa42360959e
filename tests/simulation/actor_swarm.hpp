#pragma once

#include "config/options.hpp"
#include "tests/simulation/random.hpp"

namespace rota::simulation {

/// What one seed's world of actors is like; see swarm.hpp.
struct actor_swarm {
  explicit actor_swarm(dice& random);

  int64_t accounts;
  int64_t batches;
  int64_t lines;
  uint32_t max_in_flight; ///< Of a batch.
  uint32_t window;
  uint32_t account_in_flight;
  milliseconds lag;
  money floor;
  money balance;
  int64_t multiplier_ppm;
  milliseconds doubt_grace;
  milliseconds disk_most;
  milliseconds answer_most;
  milliseconds probe_interval;
  uint32_t attempts;
  uint32_t billed_attempts;
  uint32_t queue_max;
  strategy by;
  uint32_t requests_per_minute;
  uint32_t tokens_per_minute;
  /// What the provider charges in relation to what it should.
  int64_t price_ppm;

  // Chances per thousand; zero where the seed has no such fault.
  int64_t crash;     ///< Per message, of 200,000.
  int64_t jump;      ///< The wall clock stands elsewhere after a crash.
  int64_t failure;   ///< A call fails.
  int64_t bad_line;  ///< A line of the file cannot be read.
  int64_t doubt;     ///< Of failures: nobody knows whether it was charged.
  int64_t duplicate; ///< An outcome or an acknowledgement comes twice.
  int64_t bias;      ///< A call costs more than its estimate.
  int64_t bad_probe; ///< A balance cannot be read.
  int64_t lie;       ///< A balance is anything.
  int64_t late;      ///< A charge shows up later than is promised.
  int64_t once;      ///< A batch sends no line twice.
  int64_t stranger;  ///< Pays in or spends, each virtual second.
  int64_t will;      ///< An operator does something, each virtual second.
};

} // namespace rota::simulation
