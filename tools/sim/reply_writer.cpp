#include "tools/sim/reply_writer.hpp"

#include <cstdio>

namespace rota::sim {

namespace {

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Payload Too Large";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

} // namespace

void reply_writer::start(http_reply x, bool keep_alive) {
  *this = {};
  reply_ = std::move(x);
  keep_alive_ = keep_alive;
}

reply_writer::next reply_writer::advance(std::string& out, microseconds& wait) {
  if (!began_) {
    began_ = true;
    wait = reply_.delay;
    if (wait.count() > 0)
      return next::pause;
  }
  if (!head_sent_) {
    if (broken_at(-1))
      return go_wrong(wait);
    head_sent_ = true;
    append_head(out);
  }
  if (sent_ == 0 && broken_at(0))
    return go_wrong(wait);
  while (piece_ < pieces()) {
    wait = piece_ < reply_.piece_delays.size() ? reply_.piece_delays[piece_]
                                               : microseconds{0};
    if (!waited_ && wait.count() > 0) {
      waited_ = true;
      return next::pause;
    }
    waited_ = true;
    if (append_piece(out))
      return go_wrong(wait);
  }
  return keep_alive_ ? next::done : next::hang_up;
}

size_t reply_writer::pieces() const {
  return reply_.piece_ends.empty() ? 1 : reply_.piece_ends.size();
}

bool reply_writer::broken_at(int64_t byte) const {
  return reply_.ending != mishap::none && !stalled_ && reply_.at_byte <= byte;
}

reply_writer::next reply_writer::go_wrong(microseconds& wait) {
  switch (reply_.ending) {
    case mishap::reset:
      return next::reset;
    case mishap::stall:
      stalled_ = true;
      wait = reply_.stall;
      return wait.count() > 0 ? next::pause : next::go_quiet;
    default:
      return next::hang_up;
  }
}

void reply_writer::append_head(std::string& out) const {
  char text[64];
  const auto n = std::snprintf(text, sizeof(text), "HTTP/1.1 %d %s\r\n",
                               reply_.status, reason_of(reply_.status));
  out.append(text, static_cast<size_t>(n));
  out.append("Content-Type: ").append(reply_.content_type);
  out.append("\r\n").append(reply_.headers);
  if (!reply_.piece_ends.empty())
    out += "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n";
  else
    out.append("Content-Length: ")
        .append(std::to_string(reply_.body.size()))
        .append("\r\n");
  if (!keep_alive_)
    out += "Connection: close\r\n";
  out += "\r\n";
}

/// Appends the rest of the current piece.
/// @returns Whether the mishap comes within it.
bool reply_writer::append_piece(std::string& out) {
  const auto streams = !reply_.piece_ends.empty();
  const auto end = streams ? reply_.piece_ends[piece_] : reply_.body.size();
  if (broken_at(static_cast<int64_t>(end))) {
    append_bytes(out, static_cast<size_t>(reply_.at_byte));
    return true;
  }
  append_bytes(out, end);
  waited_ = false;
  if (++piece_ == pieces() && streams)
    out += "0\r\n\r\n";
  return false;
}

void reply_writer::append_bytes(std::string& out, size_t to) {
  const auto streams = !reply_.piece_ends.empty();
  if (to == sent_)
    return; // An empty chunk would end the body.
  if (streams) {
    char size[24];
    const auto n = std::snprintf(size, sizeof(size), "%zx\r\n", to - sent_);
    out.append(size, static_cast<size_t>(n));
  }
  out.append(reply_.body, sent_, to - sent_);
  if (streams)
    out += "\r\n";
  sent_ = to;
}

} // namespace rota::sim
