#pragma once

#include "actors/account.hpp"
#include "actors/alerter.hpp"
#include "actors/batch.hpp"
#include "actors/dispatcher.hpp"
#include "actors/refresher.hpp"
#include "actors/runner.hpp"
#include "tests/fakes/fake_spool.hpp"
#include "tests/simulation/outside.hpp"
#include "tests/support/deterministic_system.hpp"

#include <vector>

namespace rota::simulation {

/// The real actors on one thread: which of them runs next, when time goes on,
/// and when the power fails is drawn from a seed.
class actor_world : deterministic_system {
public:
  explicit actor_world(uint64_t seed);
  ~actor_world();

  /// Runs with faults, then without, until nothing is left to do.
  /// @throws violation
  run_report run();

private:
  using handles = std::vector<caf::strong_actor_ptr>;

  /// Starts the daemon's actors on what is on the disk.
  void boot();
  void boot_accounts();
  void boot_batches();
  void enlist(account_id x);
  /// The process dies, and another begins.
  void crash();
  /// An operator stops the daemon, which gives it some time to end its work.
  void stop();
  void kill_all();

  /// Delivers one message, or lets time go on if there is none.
  void step();
  void let_time_go_on(milliseconds t);
  void strangers();
  void operators();
  void calm_down();
  void rest();
  void accept_batches();

  template <class Handle>
  Handle keep(Handle x) {
    alive_.push_back(caf::actor_cast<caf::strong_actor_ptr>(x));
    return x;
  }

  account_id any_account() {
    return account_id{static_cast<uint32_t>(
      there_->random.between(1, there_->world.accounts))};
  }

  outside_ptr there_;
  std::shared_ptr<spool_lines> file_ = std::make_shared<spool_lines>();
  std::shared_ptr<routing_setup> setup_;
  timestamp began_;
  handles alive_;
  dispatcher_actor pool_;
  journal_actor journal_;
  upstream_actor upstream_;
  refresher_actor refresher_;
  std::map<account_id, account_actor> accounts_;
  std::vector<account_head> heads_; // As the disk had them at the start.
  std::map<batch_id, batch_actor> batches_;
};

} // namespace rota::simulation
