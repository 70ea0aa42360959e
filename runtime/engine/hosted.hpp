#pragma once

#include "actors/domain/fetch_ahead.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/detail/init_fun_factory.hpp>
#include <caf/detail/spawnable.hpp>
#include <caf/execution_unit.hpp>
#include <caf/infer_handle.hpp>
#include <caf/local_actor.hpp>
#include <caf/make_actor.hpp>

#include <utility>

namespace rota {

/// An actor that runs wherever its unit says, whoever sends to it.
template <class Base>
class hosted final : public Base {
public:
  hosted(caf::actor_config& cfg, caf::execution_unit* unit)
    : Base{cfg}, unit_{unit} {
    // nop
  }

  using resume_result = caf::resumable::resume_result;
  using Base::enqueue;

  void enqueue(caf::mailbox_element_ptr x, caf::execution_unit*) override {
    Base::enqueue(std::move(x), unit_);
  }

  void launch(caf::execution_unit*, bool lazy, bool hide) override {
    Base::launch(unit_, lazy, hide);
  }

  /// A turn of no messages is a hint that the next turn is near: fetches what
  /// CAF reads first then, which with many actors is in no cache.
  resume_result resume(caf::execution_unit* unit, size_t most) override {
    if (most == 0) {
      fetch_ahead(slot_, 1);
      fetch_ahead(behavior_, behavior_bytes);
      return resume_result::awaiting_message;
    }
    const auto result = Base::resume(unit, most);
    if (behavior_ == nullptr && this->has_behavior()) {
      slot_ = &this->bhvr_stack_.back();
      behavior_ = this->bhvr_stack_.back().as_behavior_impl().get();
    }
    return result;
  }

private:
  /// What a behavior of a dozen handlers takes.
  static constexpr size_t behavior_bytes = 640;

  // Where the behavior and its place on CAF's stack are, to be fetched only:
  // they may have changed meanwhile.
  const void* slot_ = nullptr;
  const void* behavior_ = nullptr;
  caf::execution_unit* unit_;
};

/// Spawns the same function-based actor as `sys.spawn(fun, xs...)`, but hosted
/// on `unit`, an engine_loop that is attached to `sys`. Without a unit it runs
/// on the system's scheduler, as in tests. The first parameter of `fun` is the
/// actor's own pointer. Callable from any thread; `fun` itself runs on the
/// loop, as the actor's first act.
template <class F, class... Ts>
caf::infer_handle_from_fun_t<F>
spawn_hosted(caf::actor_system& sys, caf::execution_unit* unit, F fun,
             Ts&&... xs) {
  using impl = caf::infer_impl_from_fun_t<F>;
  using handle = caf::infer_handle_from_fun_t<F>;
  if constexpr (sizeof...(Ts) == 0) {
    // CAF 0.17 dereferences a null pointer to an empty tuple of arguments,
    // which checked builds of the standard library refuse.
    auto padded = [fun](impl* self, char) { return fun(self); };
    return spawn_hosted(sys, unit, std::move(padded), '\0');
  } else {
    static_assert(caf::detail::spawnable<F, impl, Ts...>(),
                  "cannot spawn this function with these arguments");
    if (unit == nullptr)
      return sys.spawn(std::move(fun), std::forward<Ts>(xs)...);
    caf::actor_config cfg{unit};
    caf::detail::init_fun_factory<impl, F> factory;
    cfg.init_fun = factory(std::move(fun), std::forward<Ts>(xs)...);
    auto result = caf::make_actor<hosted<impl>, handle>(
      sys.next_actor_id(), sys.node(), &sys, cfg, unit);
    const auto ptr = caf::actor_cast<caf::abstract_actor*>(result);
    static_cast<caf::local_actor*>(ptr)->launch(unit, false, false);
    return result;
  }
}

} // namespace rota
