#include "runtime/http/connection.hpp"
#include "runtime/http/head.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>

namespace rota {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// A body beyond this is written from where it lies.
constexpr size_t copied_max = 16 * 1'024;

} // namespace

void http_connection::put_head(int status, const header_list& headers) {
  put_status_line(pending_, status);
  for (const auto& [name, value] : headers)
    put_header(pending_, name, value);
  if (!keep_alive_)
    pending_ += "connection: close\r\n";
  else if (old_client_)
    pending_ += "connection: keep-alive\r\n";
}

void http_connection::answer(int status, const header_list& headers,
                             std::string body) {
  if (phase_ != phase::serving)
    return;
  put_head(status, headers);
  if (status >= 200 && status != 204)
    put_header(pending_, "content-length", std::to_string(body.size()));
  pending_ += "\r\n";
  if (!head_only_) {
    if (body.size() <= copied_max)
      pending_ += body;
    else
      tail_ = std::move(body);
  }
  ended_ = true;
  flush();
}

void http_connection::begin(int status, const header_list& headers) {
  if (phase_ != phase::serving)
    return;
  chunked_ = !old_client_;
  keep_alive_ = keep_alive_ && chunked_;
  put_head(status, headers);
  if (chunked_)
    pending_ += "transfer-encoding: chunked\r\n";
  pending_ += "\r\n";
  flush();
}

bool http_connection::write(std::string_view piece) {
  if (phase_ != phase::serving)
    return true;
  if (!piece.empty() && !head_only_) {
    if (chunked_)
      put_chunk_size(pending_, piece.size());
    pending_ += piece;
    if (chunked_)
      pending_ += "\r\n";
    flush();
  }
  full_ = pending_.size() > door_->limits.write_buffer_bytes;
  return !full_;
}

void http_connection::end(bool whole) {
  if (phase_ != phase::serving)
    return;
  whole_ = whole;
  keep_alive_ = keep_alive_ && whole;
  if (whole && chunked_ && !head_only_)
    pending_ += "0\r\n\r\n";
  ended_ = true;
  flush();
}

void http_connection::flush() {
  // What is said within one turn of the loop leaves in one piece.
  if (write_under_way_ || flush_posted_)
    return;
  flush_posted_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->flush_posted_ = false;
    if (self->phase_ != phase::closed && !self->write_under_way_)
      self->write_some();
  });
}

void http_connection::write_some() {
  if (written_ == writing_.size() + writing_tail_.size()) {
    written_ = 0;
    writing_.clear();
    writing_.swap(pending_);
    writing_tail_.clear();
    writing_tail_.swap(tail_);
  }
  if (writing_.empty() && writing_tail_.empty()) {
    if (ended_)
      answered();
    return;
  }
  const auto first = std::min(written_, writing_.size());
  const std::array rest{
      asio::buffer(writing_.data() + first, writing_.size() - first),
      asio::buffer(writing_tail_.data() + (written_ - first),
                   writing_tail_.size() - (written_ - first))};
  write_under_way_ = true;
  since_ = steady::now();
  socket_.async_write_some(rest,
                           [self = shared_from_this()](error_code e, size_t n) {
                             self->on_written(e, n);
                           });
}

void http_connection::on_written(error_code error, size_t bytes) {
  write_under_way_ = false;
  if (phase_ == phase::closed)
    return;
  if (error)
    return close();
  written_ += bytes;
  if (full_ && pending_.size() <= door_->limits.write_buffer_bytes / 4) {
    full_ = false;
    if (const auto x = exchange(); x && x->on_drained)
      x->on_drained();
  }
  if (phase_ != phase::closed)
    write_some();
}

void http_connection::answered() {
  if (phase_ != phase::serving)
    return;
  since_ = steady::now();
  open_.reset();
  if (!whole_ && !chunked_) { // Nothing but a reset tells an old client.
    error_code ignored;
    socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
    return close();
  }
  if (keep_alive_ && !door_->draining) {
    phase_ = phase::idle;
    // Not from here: a client that pipelines would deepen the stack.
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
      if (self->phase_ == phase::idle)
        self->parse();
    });
    return;
  }
  phase_ = phase::linger;
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  in_.consume(in_.size());
  read_more();
}

} // namespace rota
