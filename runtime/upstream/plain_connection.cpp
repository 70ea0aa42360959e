#include "runtime/upstream/plain_connection.hpp"

#include "runtime/upstream/plain_lane.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace rota {

namespace {

/// Read at once. A multiple of what libcurl takes, since everybody shares it.
constexpr size_t read_bytes = 64 * 1'024;

/// Reads of one connection before others have their turn.
constexpr int reads_max = 4;

std::string words_of(int error) {
  return std::generic_category().message(error);
}

} // namespace

plain_connection::plain_connection(plain_lane& owner, std::string origin)
  : lane_{owner}, origin_{std::move(origin)} {
  // nop
}

plain_connection::~plain_connection() {
  if (fd_ < 0)
    return;
  lane_.sockets().forget(fd_);
  ::close(fd_);
}

// -- exchanges ----------------------------------------------------------------

void plain_connection::reserve_for(plain_transfer& x) {
  transfer_ = &x;
  x.connection = this;
}

bool plain_connection::opened(int fd) {
  fd_ = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (fd_ < 0) {
    transfer_->broke(words_of(errno));
    return true;
  }
  reader_.begin(*transfer_);
  return send();
}

bool plain_connection::carry(plain_transfer& x) {
  if (!is_alive())
    return false;
  reserve_for(x);
  used_ = true;
  whole_ = false;
  reader_.begin(x);
  if (x.send_to(fd_) != 0 && x.may_begin_anew()) {
    x.connection = nullptr;
    return false;
  }
  watch(); // If it is dead and some bytes have left, it tells so.
  return true;
}

bool plain_connection::release(time_point now) {
  const auto reusable
    = whole_ && transfer_->is_sent() && reader_.is_reusable();
  if (reusable)
    watch();
  transfer_ = nullptr;
  since_ = now;
  return reusable;
}

void plain_connection::resume() {
  resumed_ = true;
  lane_.want_turn();
}

bool plain_connection::read_on() {
  if (!std::exchange(resumed_, false) || transfer_ == nullptr)
    return false;
  const auto state = reader_.feed({});
  if (take(state))
    return true;
  if (state != answer_reader::state::paused)
    watch();
  return false;
}

// -- the socket ---------------------------------------------------------------

bool plain_connection::is_alive() const {
  char byte = 0;
  return ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0
         && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void plain_connection::act(int, int mask) {
  auto over = false;
  if (transfer_ == nullptr)
    over = true; // Closed by the provider, or it speaks unasked.
  else if (mask & CURL_CSELECT_OUT)
    over = send();
  if (!over && (mask & (CURL_CSELECT_IN | CURL_CSELECT_ERR)))
    over = read();
  if (over)
    lane_.over(*this); // May destroy it.
}

void plain_connection::watch() {
  lane_.sockets().watch(
    fd_, transfer_->is_sent() ? CURL_POLL_IN : CURL_POLL_INOUT, this);
}

bool plain_connection::send() {
  const auto error = transfer_->send_to(fd_);
  if (error == 0) {
    watch();
    return false;
  }
  // An answer may have come nonetheless: a refusal of what is too large.
  return (!is_alive() && read()) || lost(words_of(error));
}

bool plain_connection::read() {
  thread_local std::array<char, read_bytes> buffer;
  for (int i = 0; i < reads_max; ++i) {
    const auto n = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0)
      return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR
             && lost(words_of(errno));
    if (n == 0)
      return reader_.is_at_start() ? lost("it was closed before an answer came")
                                   : take(reader_.end_of_stream());
    transfer_->heard();
    const auto size = static_cast<size_t>(n);
    const auto state = reader_.feed({buffer.data(), size});
    if (take(state))
      return true;
    if (state == answer_reader::state::paused || size < buffer.size())
      return false;
  }
  return false;
}

bool plain_connection::lost(std::string_view why) {
  stale_ = used_ && transfer_->may_begin_anew();
  if (!stale_)
    transfer_->broke(why);
  return true;
}

bool plain_connection::take(answer_reader::state x) {
  switch (x) {
    case answer_reader::state::hungry:
      return false;
    case answer_reader::state::paused:
      lane_.sockets().watch(fd_, CURL_POLL_REMOVE, this);
      return false;
    case answer_reader::state::whole:
      whole_ = true;
      return true;
    case answer_reader::state::failed:
      break;
  }
  return true;
}

} // namespace rota
