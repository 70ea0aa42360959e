#pragma once

#include "messages/actors.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>

#include <random>
#include <variant>

namespace rota {

/// An actor system that runs one message at a time on a clock the test moves.
/// With a seed, the order between actors is drawn instead of being first come,
/// first served; the same seed gives the same order.
struct deterministic_system {
  struct config : caf::actor_system_config {
    config() {
      add_message_types<caf::id_block::rota_types>();
      set("scheduler.policy", caf::atom("testing"));
      set("logger.verbosity", caf::atom("quiet"));
    }
  };

  explicit deterministic_system(uint32_t seed = 0) : draw{seed}, seeded{seed != 0} {
    // CAF's test clock begins at zero, which is "never" to us.
    sched.clock().current_time += std::chrono::hours{1};
  }

  config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys, true};
  caf::scheduler::test_coordinator& sched
    = dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler());
  wall_clock clock{timestamp{1'795'000'000'000}, {}};
  std::minstd_rand draw;
  bool seeded;

  timestamp now() {
    return clock.at(sched.clock().now());
  }

  /// Runs until no message is left.
  void run() {
    for (;;) {
      if (seeded && sched.jobs.size() > 1)
        std::swap(sched.jobs.front(), sched.jobs[draw() % sched.jobs.size()]);
      if (!sched.try_run_once())
        return;
    }
  }

  /// Moves the clock in steps of at most a second, so that timers which re-arm
  /// themselves come as often as they would.
  void advance(milliseconds t) {
    while (t > milliseconds{0}) {
      const auto step = std::min(t, milliseconds{1'000});
      sched.advance_time(step);
      run();
      t -= step;
    }
  }

  /// Sends a request, runs until idle, and returns the answer or the decline.
  template <class T, class Handle, class... Ts>
  std::variant<T, caf::error> ask(const Handle& hdl, Ts... xs) {
    auto response = self->request(hdl, caf::infinite, std::move(xs)...);
    run();
    std::variant<T, caf::error> result;
    response.receive([&](T& x) { result = std::move(x); },
                     [&](caf::error& x) { result = std::move(x); });
    return result;
  }

  /// Ends actors; all must be gone before the system can be.
  template <class... Handles>
  void end(const Handles&... xs) {
    (self->send_exit(xs, caf::exit_reason::user_shutdown), ...);
    run();
  }
};

} // namespace rota
