#include "actors/domain/limiter.hpp"

#include <algorithm>

namespace rota {

namespace {

constexpr double after_throttle = 0.7;
constexpr double after_timeout = 0.9;

} // namespace

limiter::limiter(limiter_options options)
  : options_{options}, window_{static_cast<double>(options.max_in_flight)} {
  requests_.limit(options.requests_per_minute);
  tokens_.limit(options.tokens_per_minute);
}

void limiter::options(limiter_options x) {
  // A raised limit counts at once; a lowered one never lifts the window.
  const auto most = static_cast<double>(x.max_in_flight);
  if (x.max_in_flight > options_.max_in_flight)
    window_ = most;
  else
    window_ = std::min(window_, most);
  requests_.limit(x.requests_per_minute);
  tokens_.limit(x.tokens_per_minute);
  options_ = x;
}

ec limiter::check(int64_t tokens, timestamp now) const {
  if (in_flight_ >= limit())
    return ec::at_limit;
  return requests_.has(1, now) && tokens_.has(tokens, now) ? ec::ok
                                                           : ec::at_limit;
}

void limiter::acquire(int64_t tokens, timestamp now) {
  ++in_flight_;
  requests_.take(1, now);
  tokens_.take(std::max(tokens, int64_t{0}), now);
}

void limiter::give_back(int64_t tokens, timestamp now) {
  tokens_.take(-tokens, now);
}

void limiter::release() {
  if (in_flight_ > 0)
    --in_flight_;
}

void limiter::on_success() {
  window_ = std::min(window_ + 1 / window_,
                     static_cast<double>(options_.max_in_flight));
}

void limiter::on_throttle() {
  window_ = std::max(window_ * after_throttle, 1.0);
}

void limiter::on_timeout() {
  window_ = std::max(window_ * after_timeout, 1.0);
}

uint32_t limiter::limit() const {
  return static_cast<uint32_t>(window_ + 1e-9);
}

timestamp limiter::next_refill(int64_t tokens, timestamp now) const {
  // A full window opens by an answer, not by time.
  if (in_flight_ >= limit() || check(tokens, now) == ec::ok)
    return {};
  return now
         + std::max(requests_.wait_for(1, now), tokens_.wait_for(tokens, now));
}

} // namespace rota
