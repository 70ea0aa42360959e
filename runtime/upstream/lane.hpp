#pragma once

#include "messages/envelopes.hpp"
#include "runtime/upstream/account_directory.hpp"
#include "runtime/upstream/socket_set.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace rota {

class transfer;

/// A way to speak HTTP: makes transfers go, each on a connection, and keeps
/// connections for later ones. All members must be called on the loop's
/// thread.
class lane {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Whom a lane turns to; outlives it.
  struct host {
    socket_set sockets;
    /// The time of this turn of the loop.
    time_point now = std::chrono::steady_clock::now();
    /// Have `kick` called in the next turn.
    std::function<void()> kick_soon;
    /// A transfer has ended by itself. Never called from within `start`.
    std::function<void(transfer&)> ended;
  };

  virtual ~lane() = default;

  /// @returns The transfer that is under way now, or null: then `error` says
  /// why this call cannot be made.
  virtual transfer* start(upstream_call_ptr call, upstream_target_ptr target,
                          std::string& error) = 0;

  /// Takes a transfer off its connection, which closes unless the answer is
  /// whole.
  virtual void stop(transfer& x) = 0;

  /// Takes back a transfer that is stopped and finished.
  virtual void take_back(transfer& x) = 0;

  /// After sockets have been heard.
  virtual void collect() = 0;

  /// The turn asked for with `kick_soon`.
  virtual void kick() = 0;

  /// Every so often while anything is under way.
  virtual void tick() = 0;

  /// Nothing has been under way for longer than connections are kept.
  virtual void rest() = 0;
};

} // namespace rota
