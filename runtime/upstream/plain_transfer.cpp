#include "runtime/upstream/plain_transfer.hpp"

#include "actors/domain/header_text.hpp"
#include "runtime/upstream/plain_connection.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace rota {

namespace {

/// Sent at once before others have their turn.
constexpr size_t send_max = 1 << 20;

} // namespace

std::string plain_transfer::prepare(upstream_call_ptr call,
                                    upstream_target_ptr to) {
  sent_ = 0;
  repeated_ = false;
  if (auto error = begin(std::move(call), std::move(to)); !error.empty())
    return error;
  const auto& x = *this->call()->request;
  head_ = x.method;
  head_ += ' ';
  head_ += target().request_target(x.path);
  head_ += " HTTP/1.1\r\n";
  head_ += target().head_lines(x.secret);
  auto named = target().sets("user-agent");
  for (const auto& [name, value] : headers()) {
    named = named || same_name(name, "user-agent");
    head_ += name;
    head_ += ": ";
    head_ += value;
    head_ += "\r\n";
  }
  if (!named)
    head_ += "User-Agent: rota\r\n";
  if (!is_repeatable()) {
    head_ += "Content-Length: ";
    head_ += std::to_string(x.body.size());
    head_ += "\r\n";
  }
  head_ += "\r\n";
  return {};
}

int plain_transfer::send_to(int fd) {
  const auto body = call()->request->body;
  const auto enough = sent_ + send_max;
  while (!is_sent() && sent_ < enough) {
    const auto of_head = std::min(sent_, head_.size());
    const auto of_body = sent_ - of_head;
    // sendmsg only reads them.
    std::array<iovec, 2> parts{
      iovec{head_.data() + of_head, head_.size() - of_head},
      iovec{const_cast<char*>(body.data()) + of_body, body.size() - of_body}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const auto n = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0)
      sent_ += static_cast<size_t>(n);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      return 0;
    else if (errno != EINTR)
      return errno;
  }
  return 0;
}

bool plain_transfer::is_sent() const noexcept {
  return sent_ == head_.size() + call()->request->body.size();
}

void plain_transfer::resume() {
  if (!std::exchange(paused_, false))
    return;
  heard();
  connection->resume();
}

bool plain_transfer::may_begin_anew() const noexcept {
  return sent_ == 0 || (is_repeatable() && !repeated_ && !answered());
}

void plain_transfer::begin_anew() noexcept {
  repeated_ = repeated_ || sent_ > 0;
  sent_ = 0;
}

bool plain_transfer::something_left() {
  return sent_ > 0;
}

} // namespace rota
