#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rota {

/// A client for tests that sends what it is told, right or wrong.
class raw_client {
public:
  /// Connects to a port of this machine.
  explicit raw_client(uint16_t port);

  /// Connects to a unix socket.
  explicit raw_client(const std::string& path);
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  /// @returns Whether all of it was taken.
  bool send(std::string_view bytes);

  /// Receives until `mark` has come, or the server closed, or ten seconds
  /// have passed. @returns All that came since the last call.
  std::string receive_until(std::string_view mark);

  /// Receives until the server closes.
  std::string receive_all();

  /// @returns Whether the server has closed the connection, waiting for it.
  bool closed();

  /// @returns Whether it has closed it by a reset, waiting for it.
  bool was_reset();

  /// Ends the connection now.
  void close();

private:
  bool receive_some(std::string& to);

  int fd_ = -1;
  bool closed_ = false;
  bool reset_ = false;
  std::string rest_;
};

} // namespace rota
