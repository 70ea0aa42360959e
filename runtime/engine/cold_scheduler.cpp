#include "runtime/engine/cold_scheduler.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <mutex>
#include <unordered_set>
#include <utility>

namespace rota {

namespace {

/// Passes on to the clock of the scheduler, but for notes of actors that it has
/// never heard of.
class discreet_clock final : public caf::detail::thread_safe_actor_clock {
public:
  explicit discreet_clock(thread_safe_actor_clock& inner) : inner_{inner} {
    // nop
  }

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self,
                            caf::atom_value type, uint64_t id) override {
    know(self);
    inner_.set_ordinary_timeout(t, self, type, id);
  }

  void set_request_timeout(time_point t, caf::abstract_actor* self,
                           caf::message_id id) override {
    know(self);
    inner_.set_request_timeout(t, self, id);
  }

  void set_multi_timeout(time_point t, caf::abstract_actor* self,
                         caf::atom_value type, uint64_t id) override {
    know(self);
    inner_.set_multi_timeout(t, self, type, id);
  }

  void cancel_ordinary_timeout(caf::abstract_actor* self,
                               caf::atom_value type) override {
    inner_.cancel_ordinary_timeout(self, type);
  }

  void cancel_request_timeout(caf::abstract_actor* self,
                              caf::message_id id) override {
    inner_.cancel_request_timeout(self, id);
  }

  void cancel_timeouts(caf::abstract_actor* self) override {
    if (forget(self))
      inner_.cancel_timeouts(self);
  }

  // Messages that are sent later are no timeouts: no actor's end cancels them.
  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override {
    inner_.schedule_message(t, std::move(receiver), std::move(content));
  }

  void schedule_message(time_point t, caf::group target,
                        caf::strong_actor_ptr sender,
                        caf::message content) override {
    inner_.schedule_message(t, std::move(target), std::move(sender),
                            std::move(content));
  }

  void cancel_all() override {
    inner_.cancel_all();
  }

private:
  void know(const caf::abstract_actor* x) {
    const std::lock_guard guard{mutex_};
    known_.insert(x);
  }

  bool forget(const caf::abstract_actor* x) {
    const std::lock_guard guard{mutex_};
    return known_.erase(x) > 0;
  }

  thread_safe_actor_clock& inner_;
  std::mutex mutex_;
  std::unordered_set<const caf::abstract_actor*> known_;
};

class cold_scheduler final
  : public caf::scheduler::coordinator<caf::policy::work_sharing> {
public:
  using super = caf::scheduler::coordinator<caf::policy::work_sharing>;

  explicit cold_scheduler(caf::actor_system& sys)
    : super{sys}, clock_{super::clock()} {
    // nop
  }

  static caf::actor_system::module* make(caf::actor_system& sys,
                                         caf::detail::type_list<>) {
    return new cold_scheduler{sys};
  }

  caf::detail::thread_safe_actor_clock& clock() noexcept override {
    return clock_;
  }

private:
  discreet_clock clock_;
};

} // namespace

void load_cold_scheduler(caf::actor_system_config& cfg) {
  cfg.load<cold_scheduler>();
}

} // namespace rota
