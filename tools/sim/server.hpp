#pragma once

#include "tools/sim/options.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace rota::sim {

/// The simulator on a TCP port, HTTP/1.1, one thread: that of run(). Knows
/// nothing of signals, files, or who may connect.
class server {
public:
  /// Binds at once, so that port() is known; answers from run() on.
  /// @throws std::runtime_error with one sentence where it cannot listen.
  server(options opts, const std::string& host, uint16_t port);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// @returns Where it listens.
  uint16_t port() const;

  /// Serves until stop().
  void run();

  /// Ends run(); open connections are dropped. From any thread.
  void stop();

  /// Ends run() when the process is told to by SIGINT or SIGTERM.
  void stop_on_signals();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// @returns Whether a host is an address of this machine's loopback.
bool is_loopback(const std::string& host);

} // namespace rota::sim
