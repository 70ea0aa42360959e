#pragma once

#include "messages/error.hpp"
#include "messages/time.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <variant>
#include <vector>

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

/// Asks all of them at once and waits until each has said its word, or could
/// not, or has had `patience`.
template <class T, class Handle, class... Ts>
void ask_all(caf::actor_system& system, milliseconds patience,
             const std::vector<Handle>& whom, const Ts&... what) {
  caf::scoped_actor self{system, true};
  const auto ask_one = [&](const Handle& x) {
    return self->request(x, caf::duration{patience}, what...);
  };
  std::vector<decltype(ask_one(whom.front()))> answers;
  for (const auto& x : whom)
    answers.push_back(ask_one(x));
  for (auto& x : answers)
    x.receive([](const T&) {}, [](const caf::error&) {});
}

} // namespace rota
