#pragma once

#include "messages/error.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <variant>

namespace rota {

/// Asks an actor from outside of the engine and waits for its word.
template <class T, class Handle, class... Ts>
std::variant<T, caf::error> ask(caf::actor_system& system,
                                milliseconds patience, const Handle& whom,
                                Ts... what) {
  caf::scoped_actor self{system, true};
  std::variant<T, caf::error> result;
  self->request(whom, caf::duration{patience}, std::move(what)...)
    .receive([&](T& x) { result = std::move(x); },
             [&](caf::error& x) { result = std::move(x); });
  return result;
}

} // namespace rota
