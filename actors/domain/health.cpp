#include "actors/domain/health.hpp"

#include <algorithm>
#include <cmath>

namespace rota {

namespace {

/// Decay of the latency average. Source: Finagle's PeakEwma default.
constexpr double latency_tau_ms = 10'000;

/// Cooldowns are lengthened by up to this part, so that accounts that failed
/// together do not come back together.
constexpr double jitter_part = 0.2;

milliseconds doubled(milliseconds base, milliseconds max, uint32_t times) {
  const auto shift = std::min(times, 20u);
  return std::min(max, base * (int64_t{1} << shift));
}

milliseconds jittered(milliseconds x, double jitter) {
  return x
         + milliseconds{static_cast<int64_t>(static_cast<double>(x.count())
                                             * jitter_part * jitter)};
}

} // namespace

health::health(health_options options, const account_row& row)
  : options_{options},
    ejections_{row.ejections},
    exhausted_{row.exhausted},
    failures_{row.failures},
    reason_{row.reason} {
  if (row.health == health_state::ejected && row.cooldown_until.millis == 0)
    disabled_ = true;
  else if (row.health == health_state::ejected)
    ejected_until_ = row.cooldown_until;
  else if (row.health == health_state::probing)
    probing_ = true;
  else
    account_.until = row.cooldown_until;
}

void health::on_attempt(const attempt_report& report, timestamp now,
                        double jitter) {
  const auto& x = report.judged;
  if (x.cls == failure_class::none) {
    on_success(report, now);
    return;
  }
  ++failures_;
  if (x.action != account_action::none)
    reason_ = x.reason.empty() ? to_string(x.cls) : x.reason;
  switch (x.action) {
    case account_action::none:
    case account_action::low_balance:
      break;
    case account_action::penalty:
      if (x.scope == failure_scope::request)
        break;
      if (const auto failed_probe = state(now) == health_state::probing;
          failed_probe || failures_in_row_ + 1 >= options_.eject_after)
        eject(now, jitter);
      else
        ++failures_in_row_;
      ++revision_;
      break;
    case account_action::cooldown: {
      auto& which = x.scope == failure_scope::account_model
                      ? models_[report.model]
                      : account_;
      const auto until = now + backoff(which.times, x, jitter);
      which.until = std::max(which.until, until);
      ++which.times;
      ++revision_;
      break;
    }
    case account_action::exhausted:
      if (x.scope == failure_scope::account_model) { // A quota of that model.
        auto& which = models_[report.model];
        which.until
          = std::max(which.until, now + backoff(which.times, x, jitter));
        ++which.times;
      } else {
        exhausted_ = true;
      }
      ++revision_;
      break;
    case account_action::disabled:
      disabled_ = true;
      probing_ = false;
      ++revision_;
      break;
  }
  // A class that names a model which is not there cools it without an action.
  if (x.cls == failure_class::model_unavailable
      && x.action == account_action::none) {
    auto& which = models_[report.model];
    which.until = std::max(which.until,
                           now + jittered(x.cooldown.value_or(
                                            options_.cooldown_max),
                                          jitter));
    reason_ = x.reason;
    ++revision_;
  }
}

void health::cool(timestamp until, std::string reason) {
  if (until <= account_.until)
    return;
  account_.until = until;
  reason_ = std::move(reason);
  ++revision_;
}

void health::refunded() {
  if (!exhausted_)
    return;
  exhausted_ = false;
  ++revision_;
}

void health::reset() {
  *this = [this] {
    health fresh{options_};
    fresh.failures_ = failures_;
    fresh.latency_us_ = latency_us_;
    fresh.latency_at_ = latency_at_;
    fresh.revision_ = revision_ + 1;
    return fresh;
  }();
}

ec health::check(uint32_t in_flight, timestamp now) const {
  if (disabled_ || ejected_until_ > now)
    return ec::ejected;
  if (account_.until > now)
    return ec::cooling;
  if (state(now) == health_state::probing && in_flight > 0)
    return ec::at_limit;
  return ec::ok;
}

ec health::check(const std::string& model, uint32_t in_flight,
                 timestamp now) const {
  if (const auto code = check(in_flight, now); code != ec::ok)
    return code;
  const auto i = models_.find(model);
  return i != models_.end() && i->second.until > now ? ec::cooling : ec::ok;
}

health_state health::state(timestamp now) const {
  if (disabled_ || ejected_until_ > now)
    return health_state::ejected;
  if (probing_ || ejected_until_.millis != 0)
    return health_state::probing;
  return failures_in_row_ > 0 ? health_state::degraded : health_state::healthy;
}

timestamp health::cooldown_until(timestamp now) const {
  if (disabled_)
    return {};
  const auto latest = std::max(ejected_until_, account_.until);
  return latest > now ? latest : timestamp{};
}

timestamp health::next_change(timestamp now) const {
  auto result = timestamp{};
  const auto sooner = [&result, now](timestamp x) {
    if (x > now && (result.millis == 0 || x < result))
      result = x;
  };
  sooner(ejected_until_);
  sooner(account_.until);
  for (const auto& [model, x] : models_)
    sooner(x.until);
  return result;
}

std::vector<std::string> health::cooling_models(timestamp now) const {
  std::vector<std::string> result;
  for (const auto& [model, x] : models_)
    if (x.until > now)
      result.push_back(model);
  return result;
}

void health::store(account_row& row) const {
  row.ejections = ejections_;
  row.failures = failures_;
  row.exhausted = exhausted_;
  row.reason = reason_;
  if (disabled_ || ejected_until_.millis != 0)
    row.health = health_state::ejected;
  else
    row.health = failures_in_row_ > 0 ? health_state::degraded
                                      : health_state::healthy;
  row.cooldown_until
    = disabled_ ? timestamp{} : std::max(ejected_until_, account_.until);
}

// -- helpers ------------------------------------------------------------------

void health::eject(timestamp now, double jitter) {
  ejected_until_
    = now
      + jittered(doubled(options_.eject_base, options_.eject_max, ejections_),
                 jitter);
  ++ejections_;
  failures_in_row_ = 0;
  probing_ = false;
}

milliseconds health::backoff(uint32_t times, const verdict& x,
                             double jitter) const {
  return jittered(x.cooldown.value_or(doubled(options_.cooldown_base,
                                              options_.cooldown_max, times)),
                  jitter);
}

void health::on_success(const attempt_report& report, timestamp now) {
  const auto sample
    = std::chrono::duration_cast<std::chrono::microseconds>(report.first_byte)
        .count();
  const auto seen = std::max<int64_t>(sample, 1);
  if (latency_us_ == 0 || seen > latency_us_) {
    latency_us_ = seen;
  } else {
    const auto age = static_cast<double>((now - latency_at_).count());
    // At least one part in ten: many answers within one millisecond count.
    const auto keep = std::min(std::exp(-age / latency_tau_ms), 0.9);
    latency_us_ = std::max<int64_t>(
      1, static_cast<int64_t>(static_cast<double>(latency_us_) * keep
                              + static_cast<double>(seen) * (1 - keep)));
  }
  latency_at_ = now;
  const auto recovered = failures_in_row_ > 0 || ejections_ > 0 || probing_
                         || ejected_until_.millis != 0;
  if (recovered) {
    failures_in_row_ = 0;
    ejections_ = 0;
    probing_ = false;
    ejected_until_ = {};
    ++revision_;
  }
  if (account_.times > 0 && account_.until <= now)
    account_ = {};
  if (const auto i = models_.find(report.model);
      i != models_.end() && i->second.until <= now)
    models_.erase(i);
}

} // namespace rota
