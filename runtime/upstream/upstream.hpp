#pragma once

#include "config/options.hpp"
#include "messages/envelopes.hpp"
#include "runtime/engine/loop.hpp"
#include "runtime/upstream/account_directory.hpp"

#include <caf/actor_system.hpp>

#include <memory>

namespace rota {

/// Spawns the UPSTREAM, hosted on the loop: it makes HTTP calls with libcurl.
/// A request body is sent at most once, whatever breaks. Every call gets one
/// outcome; when the actor ends, those under way are cancelled.
/// @param directory Where accounts' requests go and with which secrets; read
///                  at each call.
upstream_actor
spawn_upstream(caf::actor_system& sys, engine_loop& loop,
               const upstream_options& options,
               std::shared_ptr<const account_directory> directory);

} // namespace rota
