// What comes back: the answer's head and body, and how a transfer ended.

#include "runtime/upstream/transfer.hpp"

#include "actors/domain/json_text.hpp"
#include "actors/domain/header_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <tuple>
#include <utility>

namespace rota {

namespace {

/// An answer's head beyond this is no answer of an API.
constexpr size_t header_bytes_max = 65'536;
constexpr size_t header_count_max = 256;

milliseconds to_ms(std::chrono::steady_clock::duration x) {
  return std::chrono::duration_cast<milliseconds>(x);
}

std::string seconds(milliseconds x) {
  auto text = std::to_string(x.count() / 1'000);
  if (const auto rest = x.count() % 1'000; rest != 0) {
    auto digits = std::to_string(rest);
    text += "." + std::string(3 - digits.size(), '0') + digits;
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + " s";
}

} // namespace

upstream_outcome transfer::finish(CURLcode rc) {
  const auto& origin = target_->origin();
  if (!ended_ && rc != CURLE_OK) {
    const auto why = rc == CURLE_ABORTED_BY_CALLBACK
                       ? "it was closed before an answer came"
                     : error_text_[0] != '\0' ? error_text_.data()
                                              : curl_easy_strerror(rc);
    if (!something_left())
      end(transport::not_sent, "no request reached " + origin + ": " + why);
    else if (rc == CURLE_OPERATION_TIMEDOUT)
      end(transport::timed_out, origin + " took too long: " + why);
    else
      end(transport::broken, "the connection to " + origin + " broke: " + why);
  }
  out_.total = to_ms(*settings_.now - started_);
  target_->mask().apply(out_.body);
  if (const auto& sink = call_->request->sink) {
    sink->on_ready = {};
    if (const auto rest = masked_.finish(); !rest.empty())
      sink->take(rest);
    sink->end(out_);
  }
  call_.reset();
  target_.reset();
  return std::move(out_);
}

void transfer::resume() {
  if (!std::exchange(paused_, false))
    return;
  last_byte_ = *settings_.now;
  curl_easy_pause(easy_, CURLPAUSE_CONT);
}

bool transfer::overdue() {
  const auto now = *settings_.now;
  const auto& x = *call_->request;
  const auto age = to_ms(now - started_);
  const auto& origin = target_->origin();
  if (age >= settings_.limits.connect_timeout && !something_left())
    end(transport::not_sent, "no connection to " + origin + " within "
                               + seconds(settings_.limits.connect_timeout));
  else if (age >= x.total_timeout)
    end(transport::timed_out, origin + " did not finish its answer within "
                                + seconds(x.total_timeout));
  else if (!answered_ && age >= x.first_byte_timeout)
    end(transport::timed_out, origin + " gave no answer within "
                                + seconds(x.first_byte_timeout));
  else if (answered_ && !paused_ && to_ms(now - last_byte_) >= x.idle_timeout)
    end(transport::timed_out, origin + " fell silent for "
                                + seconds(x.idle_timeout)
                                + " within its answer");
  else
    return false;
  if (*ended_ == transport::timed_out && !something_left())
    ended_ = out_.ended = transport::not_sent;
  return true;
}

void transfer::cancel(std::string why) {
  end(transport::cancelled, std::move(why));
}

void transfer::end(transport how, std::string why) {
  ended_ = out_.ended = how;
  out_.error = std::move(why);
}

bool transfer::something_left() {
  if (!left_) {
    // Counts what was handed to the socket, or to TLS once that stands.
    long bytes = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &bytes);
    left_ = bytes > 0;
  }
  return left_;
}

// -- callbacks ----------------------------------------------------------------

int transfer::on_connected(void* self, char*, char*, int, int) {
  auto& x = *static_cast<transfer*>(self);
  if (x.repeatable_ || !std::exchange(x.connected_, true))
    return CURL_PREREQFUNC_OK;
  std::ignore = x.something_left(); // Before the count begins anew.
  return CURL_PREREQFUNC_ABORT;
}

size_t transfer::on_header(char* from, size_t size, size_t n, void* self) {
  auto& x = *static_cast<transfer*>(self);
  const auto line = std::string_view{from, size * n};
  x.last_byte_ = *x.settings_.now;
  if (!x.answered_) {
    x.answered_ = x.left_ = true;
    x.out_.first_byte = to_ms(x.last_byte_ - x.started_);
  }
  x.header_bytes_ += line.size();
  if (x.header_bytes_ > header_bytes_max
      || x.out_.headers.size() >= header_count_max) {
    x.end(transport::too_large, x.target_->origin()
                                  + " sent a head of more than 64 KiB or 256 "
                                    "headers");
    return 0;
  }
  x.take_header(line);
  return line.size();
}

void transfer::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    // The head of the answer, or of one before it ("100 Continue").
    out_.headers.clear();
    out_.status = 0;
    if (const auto i = line.find(' '); i != std::string_view::npos)
      std::from_chars(line.data() + i + 1, line.data() + line.size(),
                      out_.status);
    return;
  }
  if (const auto& sink = call_->request->sink;
      sink && out_.status >= 200 && trimmed(line).empty())
    passing_ = sink->begin(out_.status, out_.headers);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return;
  std::string name{line.substr(0, colon)};
  to_lower(name);
  std::string value{trimmed(line.substr(colon + 1))};
  target_->mask().apply(value);
  if (name == "content-length") {
    uint64_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    out_.body.reserve(std::min<uint64_t>(length, 1'048'576));
  }
  out_.headers.emplace_back(std::move(name), std::move(value));
}

size_t transfer::pass_on(std::string_view piece) {
  auto& sink = *call_->request->sink;
  if (!sink.ready()) {
    paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (const auto text = masked_.feed(target_->mask(), piece); !text.empty())
    sink.take(text);
  return piece.size();
}

size_t transfer::on_body(char* from, size_t size, size_t n, void* self) {
  auto& x = *static_cast<transfer*>(self);
  x.last_byte_ = *x.settings_.now;
  if (x.passing_)
    return x.pass_on({from, size * n});
  const auto limit = x.settings_.limits.max_response_bytes;
  if (size * n > limit - x.out_.body.size()) {
    x.end(transport::too_large, x.target_->origin() + " sent more than "
                                  + std::to_string(limit) + " bytes");
    return 0;
  }
  x.out_.body.append(from, size * n);
  return size * n;
}

} // namespace rota
