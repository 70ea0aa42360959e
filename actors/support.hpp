#pragma once

#include "actors/domain/fetch_ahead.hpp"
#include "messages/error.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>

#include <cstdio>
#include <exception>
#include <random>
#include <string>
#include <string_view>

namespace rota {

/// Has the first `bytes` of an actor of this process fetched into the cache
/// before its turn. A hint: needs no lock.
template <class Handle>
void prefetch(const Handle& x, size_t bytes) {
  // CAF puts the block that counts references right before the actor.
  const auto* at = reinterpret_cast<const char*>(
                     caf::actor_cast<caf::abstract_actor*>(x))
                   - CAF_CACHE_LINE_SIZE;
  fetch_ahead(at, bytes + CAF_CACHE_LINE_SIZE);
}

/// Makes an exception in a handler end its actor with a sentence on standard
/// error. A long-lived actor that dies stops the daemon.
template <class Self>
void guard(Self* self) {
  self->set_exception_handler([self](std::exception_ptr& e) -> caf::error {
    try {
      std::rethrow_exception(e);
    } catch (const std::exception& x) {
      std::fprintf(stderr, "rota: the %s actor failed: %s\n", self->name(),
                   x.what());
    } catch (...) {
      std::fprintf(stderr, "rota: the %s actor failed\n", self->name());
    }
    return caf::make_error(caf::sec::runtime_error, self->name());
  });
}

/// @returns A draw from [0, 1).
template <class Engine>
double uniform(Engine& random) {
  return std::uniform_real_distribution<double>{0.0, 1.0}(random);
}

/// @returns "host:port" of a base URL.
inline std::string host_of(std::string_view url) {
  if (const auto i = url.find("://"); i != std::string_view::npos)
    url.remove_prefix(i + 3);
  return std::string{url.substr(0, url.find('/'))};
}

} // namespace rota
