#pragma once

#include "actors/setup.hpp"
#include "messages/envelopes.hpp"
#include "runtime/engine/loop.hpp"
#include "runtime/watchdog.hpp"

#include <caf/actor_cast.hpp>

#include <memory>
#include <mutex>
#include <string>

namespace caf {
class actor_system;
}

namespace rota {

/// What the parts of the daemon share: where actors live and whom they know.
struct wiring {
  wiring(caf::actor_system& sys, engine_loop& engine, wall_clock wall,
         watchdog& who_watches)
    : system{sys}, loop{engine}, clock{wall}, dog{who_watches} {
    // nop
  }

  caf::actor_system& system;
  engine_loop& loop;
  wall_clock clock;
  watchdog& dog;
  /// 256 times the number of this run.
  uint32_t attempt_base = 0;
  clients_actor clients;
  journal_actor journal;
  upstream_actor upstream;
  spool_actor spool;
  dispatcher_actor dispatcher;
  refresher_actor refresher;
  notifier_actor notifier;
  alerter_actor alerter;

  /// The routing setup of now; a reload replaces it.
  routing_setup_ptr setup() const {
    std::lock_guard guard{mutex};
    return setup_;
  }

  void setup(routing_setup_ptr x) {
    std::lock_guard guard{mutex};
    setup_ = std::move(x);
  }

  /// Has the daemon stop if an actor fails that may end otherwise.
  template <class Handle>
  void watch(const std::string& name, const Handle& whom) {
    dog.watch_mortal(name, caf::actor_cast<caf::strong_actor_ptr>(whom));
  }

  /// @returns Wall time on the daemon's steady clock.
  timestamp now() const {
    return clock.at(std::chrono::steady_clock::now());
  }

private:
  mutable std::mutex mutex;
  routing_setup_ptr setup_;
};

} // namespace rota
