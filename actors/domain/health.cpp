#include "actors/domain/health.hpp"

#include <algorithm>

namespace rota {

namespace {

/// Waits are lengthened by up to this part, so that accounts that failed
/// together do not come back together.
constexpr double jitter_part = 0.2;

/// What people can do where only they help.
constexpr auto advice = ": replace its key, then run `rota reload`";

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
  const auto out = row.health == health_state::ejected
                   || row.health == health_state::probing;
  if (out && row.cooldown_until.millis == 0)
    disabled_ = true;
  else if (out)
    ejected_until_ = row.cooldown_until;
  else
    account_.until = row.cooldown_until;
}

void health::options(health_options x) {
  options_ = x;
}

void health::on_attempt(const attempt_report& report, timestamp now,
                        double jitter) {
  seen_ = now = latest(now);
  const auto& x = report.judged;
  if (x.cls == failure_class::none) {
    on_success(report, now);
    return;
  }
  if (x.scope == failure_scope::request)
    return; // Any account would have failed.
  ++failures_;
  const auto of_model = x.scope == failure_scope::account_model
                        || x.cls == failure_class::model_unavailable;
  auto action = x.action;
  if (action == account_action::none || action == account_action::low_balance) {
    if (x.cls != failure_class::model_unavailable)
      return;
    action = account_action::disabled; // The model, on this account.
  }
  auto why = x.reason.empty() ? to_string(x.cls) : x.reason;
  auto& which = of_model ? models_.at(report.model, now) : account_;
  ++revision_;
  switch (action) {
    case account_action::disabled:
      if (of_model) {
        which.begin(jittered(x.cooldown.value_or(options_.cooldown_max),
                             jitter),
                    why, now);
      } else {
        disabled_ = true;
        why += advice;
      }
      break;
    case account_action::exhausted:
      if (!of_model && !x.cooldown) {
        exhausted_ = true;
        break;
      }
      [[fallthrough]]; // The quota of a model, or one that comes back.
    case account_action::cooldown:
      which.begin(wait(which, x, now, jitter), why, now);
      break;
    default: // A penalty.
      if (of_model)
        which.begin(wait(which, x, now, jitter), why, now);
      else
        punish(now, jitter);
  }
  if (!of_model) // A model's stands beside its cooldown.
    reason_ = std::move(why);
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
    fresh.latency_ = latency_;
    fresh.seen_ = seen_;
    fresh.revision_ = revision_ + 1;
    return fresh;
  }();
}

void health::rekeyed() {
  if (!disabled_)
    return;
  disabled_ = false;
  ++revision_;
}

ec health::check(uint32_t in_flight, timestamp now) const {
  now = latest(now);
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
  return models_.has(model, latest(now)) ? ec::cooling : ec::ok;
}

health_state health::state(timestamp now) const {
  if (disabled_ || ejected_until_ > latest(now))
    return health_state::ejected;
  if (ejected_until_.millis != 0)
    return health_state::probing;
  return failures_in_row_ > 0 ? health_state::degraded : health_state::healthy;
}

timestamp health::cooldown_until(timestamp now) const {
  if (disabled_)
    return {};
  const auto until = std::max(ejected_until_, account_.until);
  return until > latest(now) ? until : timestamp{};
}

timestamp health::next_change(timestamp now) const {
  now = latest(now);
  auto result = timestamp{};
  const auto sooner = [&result, now](timestamp x) {
    if (x > now && (result.millis == 0 || x < result))
      result = x;
  };
  sooner(ejected_until_);
  sooner(account_.until);
  sooner(models_.next_end(now));
  return result;
}

std::vector<model_cooldown> health::cooling_models(timestamp now) const {
  return models_.lasting(latest(now));
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

timestamp health::latest(timestamp now) const {
  return now < seen_ ? seen_ : now;
}

void health::punish(timestamp now, double jitter) {
  const auto before = state(now);
  if (before == health_state::ejected)
    return; // It was under way when the others failed.
  if (before != health_state::probing
      && ++failures_in_row_ < options_.eject_after)
    return;
  const auto span
    = doubled(options_.eject_base, options_.eject_max, ejections_);
  ejected_until_ = now + jittered(span, jitter);
  ++ejections_;
  failures_in_row_ = 0;
}

milliseconds health::wait(const cooldown& which, const verdict& x,
                          timestamp now, double jitter) const {
  if (x.cooldown)
    return jittered(std::max(*x.cooldown, milliseconds{0}), jitter);
  const auto again = which.until > now && which.times > 0;
  return jittered(doubled(options_.cooldown_base, options_.cooldown_max,
                          which.times - again),
                  jitter);
}

void health::on_success(const attempt_report& report, timestamp now) {
  latency_.add(report.first_byte, now);
  if (account_.until <= now)
    account_ = {};
  models_.served(report.model, now);
  if (state(now) == health_state::ejected)
    return;
  if (failures_in_row_ > 0 || ejected_until_.millis != 0) {
    failures_in_row_ = 0;
    ejections_ = 0;
    ejected_until_ = {};
    ++revision_;
  }
}

} // namespace rota
