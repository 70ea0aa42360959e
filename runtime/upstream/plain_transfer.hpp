#pragma once

#include "runtime/upstream/transfer.hpp"

#include <string>

namespace rota {

class plain_connection;

/// An exchange on a connection whose HTTP/1.1 we speak ourselves.
class plain_transfer : public transfer {
public:
  using transfer::transfer;

  /// Composes the request's head.
  /// @returns A sentence if this call cannot be made, empty otherwise.
  std::string prepare(upstream_call_ptr call, upstream_target_ptr target);

  /// Sends what the socket takes now, or a fair share of it.
  /// @returns 0, or the error of a socket that takes no more.
  int send_to(int fd);

  /// @returns Whether the request has left whole.
  bool is_sent() const noexcept;

  void resume() override;

  /// @returns Whether, its connection lost, it may begin anew on another: no
  /// byte of it has left, or it may be sent twice and has not been yet.
  bool may_begin_anew() const noexcept;

  void begin_anew() noexcept;

  using transfer::target;

  /// Null: none yet, or no longer.
  plain_connection* connection = nullptr;

private:
  bool something_left() override;

  std::string head_;
  size_t sent_ = 0; // Of head and body.
  bool repeated_ = false;
};

} // namespace rota
