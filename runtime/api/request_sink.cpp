#include "runtime/api/request_sink.hpp"

#include "actors/domain/api_route.hpp"
#include "actors/domain/client_error.hpp"
#include "actors/domain/header_text.hpp"

#include <algorithm>

namespace rota {

namespace {

/// A preamble is a few hundred bytes, but Responses repeat instructions and
/// tools in it; keep-alive comments may go on for long.
constexpr size_t held_max = 8'388'608;

/// Whether the body is neither text nor JSON. Sites are of many minds how
/// sound is to be called.
bool is_sound(const header_list& headers) {
  std::string type{header_of(headers, "content-type")};
  to_lower(type);
  return type.find("json") == std::string::npos && !type.starts_with("text/");
}

} // namespace

request_sink::request_sink(http_exchange_ptr client, rules x)
  : client_{std::move(client)}, rules_{std::move(x)} {
  client_->on_drained = [this] {
    full_ = false;
    if (on_ready)
      on_ready();
  };
}

bool request_sink::begin(int status, const header_list& headers) {
  if (committed_ || status < 200 || status > 299)
    return false;
  gate_.emplace(rules_.route, held_max, rules_.swallow_usage);
  if (rules_.route == surface::openai_speech && is_sound(headers))
    gate_->expect_sound();
  gate_->hide(is_private);
  head_ = returned_headers(headers);
  head_.emplace_back("x-request-id", rules_.request_id);
  if (rules_.show_account)
    head_.emplace_back(account_header, account);
  return true;
}

bool request_sink::ready() const {
  return !full_;
}

void request_sink::drain(uint64_t most, std::function<void()> on_excess) {
  drainable_ = most;
  on_excess_ = std::move(on_excess);
  if (std::exchange(full_, false) && on_ready)
    on_ready();
}

bool request_sink::take(std::string_view piece) {
  const auto known = gate_->events();
  if (on_excess_ && piece.size() > drainable_)
    std::exchange(on_excess_, nullptr)();
  drainable_ -= std::min<uint64_t>(drainable_, piece.size());
  pass(gate_->feed(piece));
  if (gate_->is_cut())
    break_off();
  return gate_->events() != known;
}

void request_sink::end(upstream_outcome& x) {
  if (!gate_)
    return;
  // What its protocol has come to an end is whole, however the connection ends.
  const auto ended = x.ended == transport::ok || gate_->over();
  if (ended)
    pass(gate_->finish());
  if (!gate_->is_open()) {
    x.body = gate_->take_held();
    gate_.reset();
    return;
  }
  const auto whole = ended && gate_->complete() && !gate_->fault();
  x.passed = passed_body{gate_->used(), gate_->text(), whole, first_content_};
  // A stream that failed by its own word has said so to the client.
  const auto is_silent = !whole && (!gate_->fault() || gate_->is_cut());
  if (is_silent && gate_->is_in_parts())
    break_off();
  if (is_silent && !gate_->is_in_parts())
    client_->cut(); // Words of ours would be played as sound.
  else
    client_->end();
  gate_.reset();
}

void request_sink::break_off() {
  if (!std::exchange(broken_off_, true))
    client_->write(broken_stream_event(
      rules_.route, gate_->is_list(),
      "The provider broke its answer off; what came may be charged."));
}

void request_sink::pass(std::string_view piece) {
  if (!gate_->is_open())
    return;
  if (!std::exchange(committed_, true)) {
    first_content_ = std::chrono::duration_cast<milliseconds>(
      std::chrono::steady_clock::now() - made_at_);
    client_->begin(200, head_);
  }
  if (rules_.on_response && !gate_->response().empty())
    std::exchange(rules_.on_response, nullptr)(gate_->response(),
                                               account_number);
  if (!piece.empty() && !client_->write(piece))
    full_ = true;
}

} // namespace rota
