#pragma once

#include "tools/sim/wire.hpp"

#include <string>

namespace rota::sim {

/// Turns an answer into the bytes of HTTP/1.1, with its pauses and mishaps.
/// Knows no socket and no clock.
class reply_writer {
public:
  /// What is to do once the bytes have left.
  enum class next {
    done,     ///< The answer is complete.
    pause,    ///< Wait, then go on.
    reset,    ///< Break the connection.
    hang_up,  ///< End the connection in order.
    go_quiet, ///< Say nothing any more.
  };

  /// @param keep_alive Whether another answer may follow.
  void start(http_reply x, bool keep_alive);

  /// Appends the bytes that may leave now, perhaps none.
  /// @param wait Set where the result is `pause`.
  next advance(std::string& out, microseconds& wait);

private:
  size_t pieces() const;
  bool broken_at(int64_t byte) const;
  next go_wrong(microseconds& wait);
  void append_head(std::string& out) const;
  bool append_piece(std::string& out);
  void append_bytes(std::string& out, size_t to);

  http_reply reply_;
  bool keep_alive_ = true;
  bool began_ = false;
  bool head_sent_ = false;
  bool waited_ = false;  ///< For the current piece.
  bool stalled_ = false; ///< The stall is behind us.
  size_t sent_ = 0;      ///< Bytes of the body.
  size_t piece_ = 0;
};

} // namespace rota::sim
