#pragma once

#include <filesystem>
#include <string>

#include <sys/types.h>

namespace rota {

/// An nginx with TLS and HTTP/2 and a certificate of its own, on a free
/// loopback port, that passes everything on to another server. It tells that
/// server the protocol and the connection that a request came by, in the
/// headers x-protocol and x-connection.
class nginx {
public:
  /// @returns Whether nginx and openssl are installed.
  static bool installed();

  /// @throws std::runtime_error if it does not come up.
  explicit nginx(const std::string& pass_to);
  ~nginx();
  nginx(const nginx&) = delete;
  nginx& operator=(const nginx&) = delete;

  /// @returns "https://127.0.0.1:PORT".
  std::string url() const;

  /// @returns The file of the certificate that vouches for it.
  std::string ca_file() const;

private:
  void start(const std::string& pass_to);
  bool comes_up() const;
  void stop();

  std::filesystem::path dir_;
  int port_ = 0;
  pid_t pid_ = -1;
};

} // namespace rota
