// What comes back: the answer's head and body.

#include "actors/domain/header_text.hpp"
#include "runtime/upstream/transfer.hpp"

#include <algorithm>
#include <charconv>

namespace rota {

namespace {

/// An answer's head beyond this is no answer of an API.
constexpr size_t header_bytes_max = 65'536;
constexpr size_t header_count_max = 256;

/// At most so much is kept ready for a body before it comes.
constexpr uint64_t reserve_max = 1'048'576;

} // namespace

void transfer::heard() {
  last_byte_ = now_;
  if (!std::exchange(answered_, true))
    out_.first_byte
      = std::chrono::duration_cast<milliseconds>(now_ - started_);
}

void transfer::begin_head(int status) {
  out_.headers.clear();
  out_.status = status;
}

bool transfer::take_header(std::string_view name, std::string_view value) {
  header_bytes_ += name.size() + value.size();
  if (header_bytes_ > header_bytes_max
      || out_.headers.size() >= header_count_max) {
    refuse_head();
    return false;
  }
  std::string key{name};
  to_lower(key);
  std::string text{value};
  target_->mask().apply(text);
  if (key == "content-length") {
    uint64_t length = 0;
    std::from_chars(text.data(), text.data() + text.size(), length);
    out_.body.reserve(std::min(length, reserve_max));
  }
  out_.headers.emplace_back(std::move(key), std::move(text));
  return true;
}

void transfer::end_head() {
  if (const auto& sink = call_->request->sink; sink && out_.status >= 200)
    passing_ = sink->begin(out_.status, out_.headers);
}

transfer::taken transfer::take_body(std::string_view piece) {
  if (passing_) {
    auto& sink = *call_->request->sink;
    if (!sink.ready()) {
      paused_ = true;
      return taken::nothing_now;
    }
    if (!has_room_for(piece))
      return taken::too_much;
    if (const auto text = masked_.feed(target_->mask(), piece);
        !text.empty() && sink.take(text))
      last_news_ = now_;
    return taken::all;
  }
  if (!has_room_for(piece))
    return taken::too_much;
  out_.body += piece;
  return taken::all;
}

bool transfer::has_room_for(std::string_view piece) {
  const auto limit
    = std::min(limits_.max_response_bytes, call_->request->body_bytes_max);
  if (piece.size() > limit - body_bytes_) {
    end(transport::too_large, target_->origin() + " sent more than "
                                + std::to_string(limit) + " bytes");
    return false;
  }
  body_bytes_ += piece.size();
  return true;
}

void transfer::refuse_head() {
  end(transport::too_large, target_->origin()
                              + " sent a head of more than 64 KiB or 256 "
                                "headers");
}

} // namespace rota
