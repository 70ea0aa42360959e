#include "runtime/watchdog.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <map>

namespace rota {

namespace {

struct watchdog_state {
  static constexpr const char* name = "watchdog";
  std::map<caf::actor_addr, std::string> watched;
};

caf::behavior
watch_all(caf::stateful_actor<watchdog_state>* self,
          const std::function<void(const std::string&)>& on_death) {
  self->set_down_handler([self, on_death](const caf::down_msg& x) {
    const auto i = self->state.watched.find(x.source);
    if (i != self->state.watched.end())
      on_death("The " + i->second + " died; rotad stops.");
  });
  return {[self](const caf::strong_actor_ptr& whom, const std::string& name) {
    self->state.watched[whom->address()] = name;
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
  caf::anon_send(self_, std::move(whom), name);
}

void watchdog::stop() {
  caf::anon_send_exit(self_, caf::exit_reason::user_shutdown);
  self_ = {};
}

} // namespace rota
