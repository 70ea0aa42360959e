#pragma once

#include "runtime/upstream/lane.hpp"

#include <curl/curl.h>

#include <memory>

namespace rota {

/// What all connections share, whoever speaks on them: names that were looked
/// up, TLS sessions, and how their sockets close.
class connect_options {
public:
  /// Outlived by `owner`, outlives the handles that were prepared.
  explicit connect_options(lane::host& owner);

  /// Makes a handle open connections to http and https, by no proxy, whatever
  /// the environment says.
  void prepare(CURL* easy) const;

private:
  static int on_close(void* owner, curl_socket_t fd);

  lane::host& host_;
  std::unique_ptr<CURLSH, CURLSHcode (*)(CURLSH*)> share_;
};

} // namespace rota
