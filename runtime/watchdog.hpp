#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <functional>
#include <string>

namespace rota {

/// Watches actors that live as long as the daemon: one of them dying is a bug,
/// and the daemon stops rather than going on without it.
class watchdog {
public:
  watchdog(caf::actor_system& system,
           std::function<void(const std::string&)> on_death);

  void watch(const std::string& name, const caf::actor_addr& whom);

  /// From here on deaths are wanted.
  void stop();

private:
  caf::actor self_;
};

} // namespace rota
