#pragma once

#include "messages/time.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace rota {

/// One request to the admin API and its reply. Used by one thread.
class admin_exchange {
public:
  virtual ~admin_exchange() = default;

  virtual const std::string& method() const = 0;

  /// The path, decoded, without the query.
  virtual const std::string& path() const = 0;

  /// A query parameter, decoded; empty if absent.
  virtual std::string query(const std::string& name) const = 0;

  /// Reads the body piece by piece, in bounded memory, until `piece` says that
  /// it wants no more.
  /// @returns False if the client went away before that.
  virtual bool read_body(const std::function<bool(std::string_view)>& piece)
    = 0;

  /// Reads a small body whole.
  /// @returns False if it exceeds `limit` bytes or broke off.
  bool read_small_body(std::string& to, size_t limit);

  /// Sends a whole reply.
  virtual void reply(int status, const std::string& content_type,
                     std::string body)
    = 0;

  /// Begins a reply of unknown length; `write` goes on, `end` ends it.
  /// Without an `end` the client sees that it broke off.
  virtual void begin(int status, const std::string& content_type) = 0;

  /// @returns False once the client has gone.
  virtual bool write(std::string_view piece) = 0;
  virtual void end() = 0;
};

/// Serves the admin API over a unix socket: blocking, one thread a connection.
/// A cold door: people and scripts, not traffic.
class admin_server {
public:
  /// Connections at the same time at most. One more takes the place of the one
  /// that has been without a request for the longest time, or waits.
  static constexpr size_t max_connections = 64;

  static constexpr milliseconds default_patience{60'000};

  /// What it throws is logged; the client is told that, too, if it was not told
  /// anything else before.
  using handler = std::function<void(admin_exchange&)>;

  /// Opens the socket with mode 0660.
  /// @param patience A client that neither sends nor takes a byte for so long
  ///                 is cut off.
  /// @throws std::runtime_error with one sentence if it cannot.
  admin_server(const std::string& path, handler serve,
               milliseconds patience = default_patience);

  /// Stops.
  ~admin_server();

  admin_server(const admin_server&) = delete;
  admin_server& operator=(const admin_server&) = delete;

  /// Takes no more connections, ends those there are, removes the socket.
  void stop();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace rota
