#include "runtime/upstream/transfer.hpp"

#include "actors/domain/header_text.hpp"

#include <algorithm>

namespace rota {

namespace {

/// Headers that are the transport's or the account's own affair; sorted.
constexpr std::string_view reserved_headers[] = {
  "accept-encoding", "authorization",       "connection",
  "content-length",  "cookie",              "expect",
  "host",            "keep-alive",          "proxy-authorization",
  "proxy-connection", "te",                 "trailer",
  "transfer-encoding", "upgrade",           "x-api-key",
  "x-goog-api-key",
};

bool is_name(std::string_view x) {
  return !x.empty() && std::all_of(x.begin(), x.end(), [](char c) {
    return c > 0x20 && c < 0x7F && c != ':' && c != ';';
  });
}

bool is_value(std::string_view x) {
  return std::none_of(x.begin(), x.end(), [](char c) {
    return c == '\r' || c == '\n' || c == '\0';
  });
}

bool is_path(std::string_view x) {
  return x.starts_with('/') && std::all_of(x.begin(), x.end(), [](char c) {
    return c > 0x20 && c < 0x7F && c != '#';
  });
}

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

transfer::transfer(const upstream_options& limits, const time_point& now)
  : limits_{limits}, now_{now} {
  // nop
}

// -- the request --------------------------------------------------------------

std::string transfer::begin(upstream_call_ptr call,
                            upstream_target_ptr target) {
  call_ = std::move(call);
  target_ = std::move(target);
  out_ = {};
  header_bytes_ = 0;
  answered_ = false;
  passing_ = false;
  body_bytes_ = 0;
  paused_ = false;
  masked_ = {};
  ended_.reset();
  started_ = last_byte_ = last_news_ = now_;
  if (!is_path(call_->request->path))
    return "the request's path holds a character that no URL may hold";
  if (!is_name(call_->request->method))
    return "the request's method is not a word";
  if (target_->headers(call_->request->secret) == nullptr)
    return "this account has no console credential; set balance.console";
  return check_headers();
}

std::string transfer::check_headers() {
  headers_.clear();
  std::string lower_name;
  for (const auto& [name, value] : call_->request->headers) {
    if (!is_name(name) || !is_value(value))
      return "a header of the request cannot be sent as it stands";
    lower_name = name;
    to_lower(lower_name);
    if (!std::binary_search(std::begin(reserved_headers),
                            std::end(reserved_headers), lower_name)
        && !target_->sets(lower_name))
      headers_.emplace_back(name, value);
  }
  return {};
}

bool transfer::is_repeatable() const noexcept {
  return call_->request->method == "GET" && call_->request->body.empty();
}

// -- how it ends --------------------------------------------------------------

void transfer::end(transport how, std::string why) {
  ended_ = out_.ended = how;
  out_.error = std::move(why);
}

void transfer::end_late() {
  end(transport::timed_out,
      target_->origin() + " had not answered when the request's time was up");
  out_.late = true;
}

void transfer::cancel(std::string why) {
  end(transport::cancelled, std::move(why));
}

void transfer::broke(std::string_view why) {
  broke_as(transport::broken, why);
}

void transfer::broke_as(transport how, std::string_view why) {
  if (ended_)
    return;
  const auto& origin = target_->origin();
  const std::string text{why};
  if (!something_left())
    end(transport::not_sent, "no request reached " + origin + ": " + text);
  else if (how == transport::timed_out)
    end(how, origin + " took too long: " + text);
  else
    end(how, "the connection to " + origin + " broke: " + text);
}

bool transfer::overdue() {
  const auto& x = *call_->request;
  if (paused_)
    last_news_ = now_;
  const auto age = to_ms(now_ - started_);
  const auto& origin = target_->origin();
  if (age >= limits_.connect_timeout && !something_left())
    end(transport::not_sent, "no connection to " + origin + " within "
                               + seconds(limits_.connect_timeout));
  else if (age >= x.caller_timeout && !(x.sink && x.sink->committed()))
    end_late();
  else if (age >= x.total_timeout)
    end(transport::timed_out, origin + " did not finish its answer within "
                                + seconds(x.total_timeout));
  else if (!answered_ && age >= x.first_byte_timeout)
    end(transport::timed_out, origin + " gave no answer within "
                                + seconds(x.first_byte_timeout));
  else if (answered_ && !paused_ && to_ms(now_ - last_byte_) >= x.idle_timeout)
    end(transport::timed_out, origin + " fell silent for "
                                + seconds(x.idle_timeout)
                                + " within its answer");
  else if (passing_ && to_ms(now_ - last_news_) >= x.first_byte_timeout)
    end(transport::timed_out, origin + " sent nothing but comments for "
                                + seconds(x.first_byte_timeout));
  else
    return false;
  if (*ended_ == transport::timed_out && !something_left())
    ended_ = out_.ended = transport::not_sent;
  return true;
}

upstream_outcome transfer::finish() {
  out_.total = to_ms(now_ - started_);
  target_->mask().apply(out_.body);
  if (const auto& sink = call_->request->sink) {
    sink->on_ready = {};
    if (const auto rest = masked_.finish(); !rest.empty())
      sink->take(rest);
    sink->end(out_);
  }
  headers_.clear();
  call_.reset();
  target_.reset();
  return std::move(out_);
}

} // namespace rota
