#include "runtime/watchdog.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <map>

namespace rota {

namespace {

struct watched_actor {
  std::string name;
  bool is_mortal = false;
};

struct watchdog_state {
  static constexpr const char* name = "watchdog";
  std::map<caf::actor_addr, watched_actor> watched;
};

/// Whether an actor neither went by itself nor was told to.
bool is_failure(const caf::error& reason) {
  return reason && reason != caf::exit_reason::user_shutdown;
}

caf::behavior
watch_all(caf::stateful_actor<watchdog_state>* self,
          const std::function<void(const std::string&)>& on_death) {
  self->set_down_handler([self, on_death](const caf::down_msg& x) {
    const auto found = self->state.watched.extract(x.source);
    if (found.empty())
      return;
    const auto& it = found.mapped();
    if (!it.is_mortal || is_failure(x.reason))
      on_death("The " + it.name + " died; rotad stops.");
  });
  return {[self](const caf::strong_actor_ptr& whom, const std::string& name,
                 bool is_mortal) {
    self->state.watched[whom->address()] = {name, is_mortal};
    self->monitor(caf::actor_cast<caf::actor>(whom));
  }};
}

} // namespace

watchdog::watchdog(caf::actor_system& system,
                   std::function<void(const std::string&)> on_death)
  : self_{system.spawn(watch_all, std::move(on_death))} {
  // nop
}

void watchdog::watch(const std::string& name, caf::strong_actor_ptr whom) {
  caf::anon_send(self_, std::move(whom), name, false);
}

void watchdog::watch_mortal(const std::string& name,
                            caf::strong_actor_ptr whom) {
  caf::anon_send(self_, std::move(whom), name, true);
}

void watchdog::stop() {
  caf::anon_send_exit(self_, caf::exit_reason::user_shutdown);
  self_ = {};
}

} // namespace rota
