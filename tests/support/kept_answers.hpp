#pragma once

#include "runtime/upstream/answer_reader.hpp"

#include <string>
#include <utility>
#include <vector>

namespace rota {

/// Takes answers and keeps what it was told.
class kept_answers : public answer_taker {
public:
  /// @param refuses Every so many pieces of a body are refused once; 0: none.
  /// @param body_max A body of more bytes is too much.
  explicit kept_answers(size_t refuses = 0, size_t body_max = SIZE_MAX)
    : refuses_{refuses}, body_max_{body_max} {
    // nop
  }

  void begin_head(int x) override {
    status = x;
    headers.clear();
  }

  bool take_header(std::string_view name, std::string_view value) override {
    headers.emplace_back(name, value);
    return true;
  }

  void end_head() override {
    heads.push_back(status);
  }

  taken take_body(std::string_view piece) override {
    if (refuses_ > 0 && ++pieces_ % refuses_ == 0)
      return taken::nothing_now;
    if (piece.size() > body_max_ - body.size())
      return taken::too_much;
    body += piece;
    return taken::all;
  }

  void refuse_head() override {
    fault = "head";
  }

  void broke(std::string_view why) override {
    fault = why;
  }

  friend bool operator==(const kept_answers& x, const kept_answers& y) {
    return x.status == y.status && x.heads == y.heads && x.body == y.body
           && x.headers == y.headers && x.fault == y.fault;
  }

  int status = 0;
  std::vector<int> heads;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string fault;

private:
  size_t refuses_;
  size_t body_max_;
  size_t pieces_ = 0;
};

/// Feeds a piece, and again after each pause.
inline answer_reader::state feed_on(answer_reader& it, std::string_view piece) {
  auto state = it.feed(piece);
  while (state == answer_reader::state::paused)
    state = it.feed({});
  return state;
}

} // namespace rota
