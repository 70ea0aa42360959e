#include "runtime/http/connection.hpp"

#include "runtime/http/head.hpp"
#include "runtime/http/open_exchange.hpp"

#include <boost/beast/http/error.hpp>

namespace rota {

namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

/// Room for one read. Beast would begin with 512 bytes, which costs most
/// requests a second read.
constexpr size_t read_bytes = 16 * 1'024;

/// How long what a client still sends is thrown away, so that it sees the
/// last answer and not a reset.
constexpr auto linger_time = std::chrono::seconds{2};

/// What a chunk may say beside its size. Nobody uses it.
constexpr size_t chunk_extension_max = 256;

void limit_chunk(uint64_t, boost::beast::string_view extension,
                 error_code& error) {
  if (extension.size() > chunk_extension_max)
    error = http::error::bad_chunk_extension;
}

/// The target that a head begins with, if its first line is there: one that is
/// too large is refused in its protocol, too.
std::string_view target_in(std::string_view head) {
  head = head.substr(0, std::min(head.find("\r\n"), head.size()));
  const auto begin = head.find(' ');
  const auto end = head.rfind(' ');
  if (begin == end || !head.substr(end).starts_with(" HTTP/1."))
    return {};
  return head.substr(begin + 1, end - begin - 1);
}

} // namespace

http_connection::http_connection(std::shared_ptr<http_door> door,
                                 tcp::socket socket, std::string peer)
    : door_{std::move(door)}, socket_{std::move(socket)},
      peer_{std::move(peer)}, since_{steady::now()} {
  // nop
}

void http_connection::start() {
  read_more();
}

void http_connection::tick(steady::time_point now) {
  const auto& limits = door_->limits;
  const auto age = now - since_;
  switch (phase_) {
  case phase::idle:
    if (age >= limits.idle_timeout)
      close();
    break;
  case phase::head:
    if (age >= limits.header_timeout)
      refuse(408, "the request's head did not come in time");
    break;
  case phase::body: {
    // The grace is for a slow start; after it the average counts.
    const auto counted = age - limits.body_grace;
    const auto due = std::chrono::duration<double>{counted}.count()
                     * static_cast<double>(limits.body_bytes_per_second);
    if (counted > steady::duration::zero()
        && static_cast<double>(body_bytes_) < due)
      refuse(408, "the request's body comes too slowly");
    break;
  }
  case phase::serving:
    if (write_under_way_ && age >= limits.write_timeout)
      close();
    break;
  case phase::linger:
    if (age >= linger_time)
      close();
    break;
  case phase::closed:
    break;
  }
}

void http_connection::drain() {
  if (phase_ == phase::idle)
    close();
}

void http_connection::close() {
  if (phase_ == phase::closed)
    return;
  phase_ = phase::closed;
  const auto self = shared_from_this();
  error_code ignored;
  socket_.close(ignored);
  door_->on_close(this);
  if (const auto x = exchange())
    static_cast<open_exchange&>(*x).lose();
}

// -- reading ------------------------------------------------------------------

void http_connection::read_more() {
  if (reading_)
    return;
  reading_ = true;
  socket_.async_read_some(in_.prepare(read_bytes),
                          [self = shared_from_this()](error_code e, size_t n) {
                            self->on_read(e, n);
                          });
}

void http_connection::on_read(error_code error, size_t bytes) {
  reading_ = false;
  if (phase_ == phase::closed)
    return;
  if (error)
    return close();
  if (phase_ == phase::linger)
    return read_more(); // Never committed: the next read overwrites it.
  in_.commit(bytes);
  if (phase_ != phase::serving)
    parse();
}

void http_connection::parse() {
  // Some clients end a body with one line too many (RFC 9112, 2.2).
  while (phase_ == phase::idle && seen().starts_with("\r\n"))
    in_.consume(2);
  if (phase_ == phase::idle && in_.size() > 0) {
    phase_ = phase::head;
    since_ = steady::now();
    scanned_ = 0;
  }
  if (phase_ == phase::head && !parse_head())
    return;
  if (phase_ == phase::body && !parse_body())
    return;
  if (phase_ == phase::idle)
    read_more();
}

std::string_view http_connection::seen() const {
  return {static_cast<const char*>(in_.data().data()), in_.size()};
}

size_t http_connection::feed(error_code& error) {
  size_t used = 0;
  try {
    used = parser_->put(in_.data(), error);
  } catch (const std::length_error&) {
    error = http::error::header_limit; // Beast's fields hold 64 KiB at most.
  }
  in_.consume(used);
  return used;
}

void http_connection::refuse_for(error_code error, const std::string& what) {
  if (error == http::error::body_limit)
    refuse(413, "the request's body is larger than "
                    + std::to_string(door_->limits.max_body_bytes) + " bytes");
  else if (error == http::error::header_limit)
    refuse(431, "a header or trailer of the request is larger than 65535"
                " bytes");
  else
    refuse(400, what + " is no valid HTTP/1.1: " + error.message());
}

bool http_connection::parse_head() {
  const auto text = seen();
  const auto limit = door_->limits.max_header_bytes;
  const auto end = text.find("\r\n\r\n", scanned_ > 3 ? scanned_ - 3 : 0);
  if ((end == std::string_view::npos ? text.size() : end) > limit) {
    refuse(431, "the request's head is larger than " + std::to_string(limit)
                    + " bytes");
    return false;
  }
  if (end == std::string_view::npos) {
    scanned_ = text.size();
    read_more();
    return false;
  }
  if (const auto fault = fault_of_raw_head(text.substr(0, end + 2));
      !fault.empty()) {
    refuse(400, fault);
    return false;
  }
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(limit + 4));
  parser_->body_limit(door_->limits.max_body_bytes);
  parser_->on_chunk_header(limit_chunk);
  error_code error;
  feed(error);
  if (error && error != http::error::need_more) {
    refuse_for(error, "the request");
    return false;
  }
  if (const auto fault = fault_of_head(parser_->get(), door_->limits);
      fault.status != 0) {
    refuse(fault.status, fault.sentence);
    return false;
  }
  headers_.clear();
  for (const auto& x : parser_->get())
    headers_.emplace_back(x.name_string(), x.value());
  old_client_ = parser_->get().version() < 11;
  head_only_ = parser_->get().method() == http::verb::head;
  phase_ = phase::body;
  since_ = steady::now();
  body_bytes_ = 0;
  past_gate_ = false;
  parser_->eager(true);
  if (!old_client_ && !parser_->is_done()
      && same_name(parser_->get()[http::field::expect], "100-continue")) {
    if (!passes_gate())
      return false;
    pending_ += "HTTP/1.1 100 Continue\r\n\r\n";
    flush();
  }
  return true;
}

bool http_connection::parse_body() {
  // Beast asserts that it gets at least so much once it has seen the last
  // chunk's size; no chunked body ends with less.
  const size_t least = parser_->chunked() ? std::size("0\r\n\r\n") - 1 : 1;
  while (!parser_->is_done() && in_.size() >= least) {
    error_code error;
    body_bytes_ += feed(error);
    if (error == http::error::need_more)
      break;
    if (error) {
      refuse_for(error, "the request's body");
      return false;
    }
  }
  // What is left are parts of a chunk's first line or of the trailer.
  if (!parser_->is_done() && in_.size() > door_->limits.max_header_bytes) {
    refuse(431, "what the request's body says beside its bytes is larger than "
                    + std::to_string(door_->limits.max_header_bytes)
                    + " bytes");
    return false;
  }
  if (!parser_->is_done()) {
    if (passes_gate())
      read_more();
    return false;
  }
  dispatch();
  return true;
}

bool http_connection::passes_gate() {
  if (std::exchange(past_gate_, true) || !door_->gate)
    return true;
  const auto& head = parser_->get();
  auto answer = door_->gate(head.method_string(),
                            origin_form(head.target()), headers_);
  if (answer)
    turn_away(std::move(*answer));
  return !answer;
}

void http_connection::dispatch() {
  phase_ = phase::serving;
  since_ = steady::now();
  keep_alive_ = parser_->keep_alive() && !door_->draining;
  ended_ = chunked_ = full_ = false;
  whole_ = true;
  auto x =
      std::make_shared<open_exchange>(shared_from_this(), std::move(*parser_),
                                      std::move(headers_));
  parser_.reset();
  open_ = x;
  // Tells when the client leaves. Should it send its next request already, that
  // waits, and with it what else it says.
  if (in_.size() == 0)
    read_more();
  door_->handler(x);
}

void http_connection::refuse(int status, std::string_view sentence) {
  head_only_ = false;
  const auto target = parser_ ? std::string_view{parser_->get().target()}
                              : target_in(seen());
  turn_away(door_->refusal(status, sentence, origin_form(target)));
}

void http_connection::turn_away(http_answer x) {
  phase_ = phase::serving;
  keep_alive_ = false;
  ended_ = chunked_ = full_ = false;
  whole_ = true;
  open_.reset();
  answer(x.status, x.headers, std::move(x.body));
}

} // namespace rota
