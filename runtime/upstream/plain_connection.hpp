#pragma once

#include "runtime/upstream/answer_reader.hpp"
#include "runtime/upstream/plain_transfer.hpp"
#include "runtime/upstream/socket_set.hpp"

#include <curl/curl.h>

#include <array>
#include <string>

namespace rota {

class plain_lane;

/// A connection without TLS that libcurl opens (CURLOPT_CONNECT_ONLY) and on
/// which we then speak HTTP/1.1 ourselves, one exchange at a time. The lane
/// that owns it decides what follows an end.
///
/// Once open, it keeps a duplicate of libcurl's socket and lets libcurl close
/// its own: nobody else looks after the connection then.
class plain_connection : public socket_owner {
public:
  using time_point = transfer::time_point;

  plain_connection(plain_lane& owner, std::string origin);
  ~plain_connection();
  plain_connection(const plain_connection&) = delete;
  plain_connection& operator=(const plain_connection&) = delete;

  const std::string& origin() const noexcept {
    return origin_;
  }

  /// The exchange that it carries, or is opened for. Null: idle.
  plain_transfer* current() const noexcept {
    return transfer_;
  }

  /// Gives it an exchange before it is open.
  void reserve_for(plain_transfer& x);

  /// libcurl has connected it: the request leaves.
  /// @param fd libcurl's socket, of which it takes a duplicate.
  /// @returns Whether the exchange is over already.
  bool opened(int fd);

  /// Carries another exchange.
  /// @returns False if it is dead and the exchange may begin anew.
  bool carry(plain_transfer& x);

  /// Gives its exchange up. @returns Whether it can carry another.
  bool release(time_point now);

  /// Whether the provider had left it behind, so that its exchange may begin
  /// anew on another.
  bool is_stale() const noexcept {
    return stale_;
  }

  /// Idle since then.
  time_point since() const noexcept {
    return since_;
  }

  void act(int fd, int mask) override;

  /// Its exchange reads on in the lane's next turn.
  void resume();

  /// @returns Whether it had been told to resume and the exchange is over.
  bool read_on();

  // -- the lane's own notes ---------------------------------------------------

  CURL* opening = nullptr; ///< libcurl's handle until it is open.
  std::array<char, CURL_ERROR_SIZE> error_text{};
  size_t slot = 0;

private:
  bool is_alive() const;
  bool send();
  bool read();
  bool lost(std::string_view why);
  bool take(answer_reader::state x);
  void watch();

  plain_lane& lane_;
  std::string origin_;
  int fd_ = -1;
  plain_transfer* transfer_ = nullptr;
  answer_reader reader_;
  time_point since_;
  bool whole_ = false;
  bool used_ = false; // It has carried an exchange before.
  bool stale_ = false;
  bool resumed_ = false;
};

} // namespace rota
