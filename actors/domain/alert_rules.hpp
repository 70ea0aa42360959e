#pragma once

#include "config/options.hpp"
#include "messages/account.hpp"
#include "messages/alert.hpp"

#include <map>
#include <vector>

namespace rota {

/// What the pool as a whole looks like to the rules.
struct pool_state {
  uint64_t served = 0;  ///< Attempts that succeeded since the start.
  uint64_t refused = 0; ///< Jobs for which every account was refused or failed.
  bool disk_low = false; ///< No holds are made, for want of room on the disk.
  bool is_stuck = false; ///< A job waits that nobody can serve, busy or not.
};

/// Walks the alert rules. An alert is inactive, pending while its condition
/// holds for less than `hold`, firing, then resolved; only the edges to
/// firing and resolved are returned, each once. Pure.
///
///   account.low        its funds are low; ends 20 % above the mark (the
///                      account keeps that mark), not by running dry
///   account.exhausted  it has no money to spend
///   account.ejected    its health or key is bad; a cooldown is no reason.
///                      Ends when it is healthy, not when it is probed
///   account.overruns   more charges above their holds within an hour than
///   account.lates      the limit allows; or after their holds had ended
///   account.unexplained  more is missing from its readings of the last hour
///                      than the limit allows
///   account.in_doubt   more money is in doubt than the limit allows
///   account.price      its provider charges something else than the price
///                      table and its multiplier say, for three windows
///   account.stale      its balance has not been read for long
///   account.probe      its provider did not say its balance when asked last
///   pool.all_failed    a job was refused by all, or waits and nobody can
///                      serve it, and none was served since the last walk;
///                      ends when one is served
///   disk.low           no holds are made because the disk is nearly full
///
/// What concerned an account that left the pool is resolved.
class alert_rules {
public:
  explicit alert_rules(alert_options options) : options_{std::move(options)} {
    // nop
  }

  /// @returns The edges since the last walk.
  std::vector<alert> walk(const std::vector<account_view>& accounts,
                          const pool_state& pool, timestamp now);

  /// What fires now.
  std::vector<alert> firing() const;

private:
  struct track {
    alert_state state = alert_state::inactive;
    timestamp since;
    alert last;
  };

  using key = std::pair<alert_kind, std::string>;

  void walk_account(const account_view& x, timestamp now,
                    std::vector<alert>& edges);

  void judge(const alert& about, bool condition, timestamp now,
             std::vector<alert>& edges);

  /// Whether its condition held at the last walk.
  bool is_on(alert_kind kind, const std::string& account) const;

  static alert resolved(const track& it, alert text, timestamp now);

  void walk_books(const account_view& x, alert about, timestamp now,
                  std::vector<alert>& edges);

  alert_options options_;
  std::map<key, track> tracks_; // Without the inactive ones.
  pool_state last_pool_;
};

} // namespace rota
