#include "actors/domain/limiter.hpp"

#include <algorithm>
#include <cmath>

namespace rota {

namespace {

constexpr double after_throttle = 0.7;
constexpr double after_timeout = 0.9;
constexpr double minute_ms = 60'000;

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

void limiter::bucket::limit(uint32_t x) {
  const auto full = static_cast<double>(x);
  level = per_minute == 0 ? full : std::min(level, full);
  per_minute = x;
}

double limiter::bucket::level_at(timestamp now) const {
  if (at.millis == 0 || now <= at)
    return level;
  const auto refill = static_cast<double>((now - at).count())
                      * static_cast<double>(per_minute) / minute_ms;
  return std::min(level + refill, static_cast<double>(per_minute));
}

void limiter::bucket::take(double x, timestamp now) {
  if (per_minute == 0)
    return;
  level = level_at(now) - x;
  at = std::max(at, now);
}

ec limiter::check(int64_t tokens, timestamp now) const {
  if (in_flight_ >= limit())
    return ec::at_limit;
  if (options_.requests_per_minute > 0 && requests_.level_at(now) < 1)
    return ec::at_limit;
  // A request above a whole minute's tokens passes on a full bucket.
  if (options_.tokens_per_minute > 0
      && tokens_.level_at(now)
           < std::min(static_cast<double>(tokens),
                      static_cast<double>(options_.tokens_per_minute)))
    return ec::at_limit;
  return ec::ok;
}

void limiter::acquire(int64_t tokens, timestamp now) {
  ++in_flight_;
  requests_.take(1, now);
  tokens_.take(static_cast<double>(std::max(tokens, int64_t{0})), now);
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
  const auto wait = [now](const bucket& x, double wanted) {
    if (x.per_minute == 0)
      return 0.0;
    const auto missing = wanted - x.level_at(now);
    return std::max(missing, 0.0) * minute_ms
           / static_cast<double>(x.per_minute);
  };
  const auto wanted = std::min(static_cast<double>(tokens),
                               static_cast<double>(tokens_.per_minute));
  const auto longest = std::max(wait(requests_, 1), wait(tokens_, wanted));
  return now + milliseconds{static_cast<int64_t>(std::ceil(longest)) + 1};
}

} // namespace rota
