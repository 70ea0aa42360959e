#include "actors/domain/health.hpp"

#include <algorithm>

namespace rota {

namespace {

/// A key that is refused is tried once more after so long.
constexpr milliseconds second_look{30'000};

/// How a model is to rest, or an account.
struct rest {
  std::optional<milliseconds> named; ///< Else by back-off.
  health_options backoff;
};

/// Who is overloaded is left alone for twice as long as who limits a rate: that
/// is over with the minute. For how long a relay has no channel for a model is
/// a guess of the rule that says so.
rest rest_of(const verdict& x, health_options options) {
  if (x.cls == failure_class::overloaded) {
    options.cooldown_base *= 2;
    options.cooldown_max *= 2;
  }
  const auto is_unavailable = x.cls == failure_class::model_unavailable;
  if (is_unavailable && x.action == account_action::cooldown) {
    if (x.cooldown)
      options.cooldown_base = options.cooldown_max = *x.cooldown;
    return {std::nullopt, options};
  }
  if (is_unavailable || x.action == account_action::disabled)
    return {x.cooldown.value_or(options.cooldown_max), options};
  return {x.cooldown, options};
}

/// What people can do where only they help.
std::string advice(failure_class why) {
  switch (why) {
    case failure_class::auth_invalid:
      return ": replace its key, then run `rota reload`";
    case failure_class::account_banned:
      return ": its provider closed it and a new key of it does not help; take"
             " it out, or have it opened again, then run `rota reload`";
    case failure_class::auth_forbidden:
      return ": it is not the key but the address, the region or a right that"
             " is refused; settle that, then run `rota reload`";
    default:
      return ": settle that, then run `rota reload`";
  }
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
  account_.way.extend(row.cooldown_until, next());
}

void health::options(health_options x) {
  options_ = x;
}

attempt_serial health::begin(const std::string& model, timestamp lost_at,
                             timestamp now) {
  seen_ = now = latest(now);
  begun_ = next();
  account_.way.begin(begun_, lost_at, options_.ramp, now);
  if (const auto x = models_.find(model))
    x->way.begin(begun_, lost_at, options_.ramp, now);
  return begun_;
}

void health::on_attempt(const attempt_report& report, timestamp now,
                        double jitter) {
  seen_ = now = latest(now);
  const auto& x = report.judged;
  const auto tried = account_.way.end(report.serial);
  const auto known = models_.find(report.model);
  const auto model_tried = known ? known->way.end(report.serial) : trial{};
  if (x.cls == failure_class::none) {
    on_success(tried, report, now);
    models_.served(model_tried, report.model, report.serial, options_.ramp,
                   now);
    if (x.cooldown)
      models_.rest(report.model, now + jittered(*x.cooldown, jitter), next(),
                   now);
    return;
  }
  if (x.scope == failure_scope::request)
    return; // Any account would have failed.
  ++failures_;
  if (x.scope == failure_scope::account_model
      || x.cls == failure_class::model_unavailable)
    act_on_model(model_tried, report, now, jitter);
  else
    act_on_account(tried, report, now, jitter);
}

void health::cool(timestamp until, std::string reason) {
  const auto is_longer = until > account_.way.until();
  account_.way.extend(until, next());
  if (!is_longer)
    return;
  reason_ = std::move(reason);
  ++revision_;
}

void health::refunded() {
  if (!exhausted_)
    return;
  exhausted_ = false;
  ++revision_;
}

void health::disable(failure_class why, std::string reason) {
  if (disabled_)
    return;
  disabled_ = true;
  if (reason.ends_with('.'))
    reason.pop_back();
  reason_ = std::move(reason) + advice(why);
  ++revision_;
}

void health::reset() {
  *this = [this] {
    health fresh{options_};
    fresh.failures_ = failures_;
    fresh.latency_ = latency_;
    fresh.seen_ = seen_;
    fresh.begun_ = begun_;
    fresh.revision_ = revision_ + 1;
    return fresh;
  }();
}

void health::rekeyed() {
  if (!disabled_ && refused_at_.millis == 0)
    return;
  disabled_ = false;
  account_.way.retry(ejected_until_, next());
  refused_at_ = ejected_until_ = {};
  ++revision_;
}

ec health::check(uint32_t limit, timestamp now, bool early) const {
  now = latest(now);
  if (disabled_)
    return ec::ejected;
  if (account_.way.is_open(now) && !(early && account_.is_due(now)))
    return ejected_until_ > now ? ec::ejected : ec::cooling;
  if (!account_.way.is_open(now) && room(limit, now) == 0)
    return ec::at_limit;
  return ec::ok;
}

ec health::check(const std::string& model, uint32_t limit, timestamp now,
                 bool early) const {
  if (const auto code = check(limit, now, early); code != ec::ok)
    return code;
  now = latest(now);
  const auto x = models_.find(model);
  if (x == nullptr)
    return ec::ok;
  if (x->way.is_open(now))
    return early && x->is_due(now) ? ec::ok : ec::cooling;
  return x->way.room(limit, options_.ramp, now) > 0 ? ec::ok : ec::at_limit;
}

uint32_t health::room(uint32_t limit, timestamp now) const {
  return account_.way.room(limit, options_.ramp, latest(now));
}

timestamp health::early_at(timestamp now) const {
  return disabled_ ? timestamp{} : account_.way.early_at(latest(now));
}

health_state health::state(timestamp now) const {
  now = latest(now);
  if (disabled_ || ejected_until_ > now)
    return health_state::ejected;
  if (ejected_until_.millis != 0 || account_.way.is_half_open(now))
    return health_state::probing;
  return account_.failures_in_row > 0 ? health_state::degraded
                                      : health_state::healthy;
}

timestamp health::cooldown_until(timestamp now) const {
  const auto until = account_.way.until();
  return !disabled_ && until > latest(now) ? until : timestamp{};
}

timestamp health::next_change(uint32_t limit, timestamp now) const {
  now = latest(now);
  const auto models = models_.next_change(limit, options_.ramp, now);
  if (disabled_)
    return models;
  auto result = account_.way.next_change(limit, options_.ramp, now);
  for (const auto x : {ejected_until_ > now ? ejected_until_ : timestamp{},
                       models})
    if (x.millis != 0 && (result.millis == 0 || x < result))
      result = x;
  return result;
}

std::vector<model_cooldown> health::cooling_models(timestamp now) const {
  return models_.lasting(latest(now));
}

std::vector<model_cooldown> health::barred_models(uint32_t limit,
                                                  timestamp now) const {
  return models_.barred(limit, options_.ramp, latest(now));
}

void health::store(account_row& row) const {
  row.ejections = ejections_;
  row.failures = failures_;
  row.exhausted = exhausted_;
  row.reason = reason_;
  if (disabled_ || ejected_until_.millis != 0)
    row.health = health_state::ejected;
  else
    row.health = account_.failures_in_row > 0 ? health_state::degraded
                                              : health_state::healthy;
  row.cooldown_until = disabled_ ? timestamp{} : account_.way.until();
}

// -- helpers ------------------------------------------------------------------

timestamp health::latest(timestamp now) const {
  return now < seen_ ? seen_ : now;
}

attempt_serial health::next() const {
  return {begun_.value + 1};
}

void health::act_on_account(const trial& tried, const attempt_report& report,
                            timestamp now, double jitter) {
  const auto& x = report.judged;
  auto why = x.reason.empty() ? to_string(x.cls) : x.reason;
  switch (x.action) {
    case account_action::none:
    case account_action::low_balance:
      return;
    case account_action::disabled:
      if (x.cls != failure_class::auth_invalid)
        return disable(x.cls, std::move(why));
      if (account_.way.is_late(report.serial))
        return; // Refused together is refused once.
      if (is_key_doubted() && now - refused_at_ >= second_look)
        return disable(x.cls, std::move(why));
      doubt_key(now, jitter);
      why += "; one more try after 30 s decides";
      break;
    case account_action::exhausted:
      if (!x.cooldown) {
        exhausted_ = true;
        break;
      }
      [[fallthrough]]; // A quota that comes back.
    case account_action::cooldown:
      account_.begin(tried, report.serial, x.cooldown,
                     rest_of(x, options_).backoff, next(), now, jitter);
      break;
    case account_action::penalty:
      punish(tried, report, now, jitter);
      break;
  }
  ++revision_;
  reason_ = std::move(why);
}

void health::act_on_model(const trial& tried, const attempt_report& report,
                          timestamp now, double jitter) {
  const auto& x = report.judged;
  const auto is_unavailable = x.cls == failure_class::model_unavailable;
  if (!is_unavailable
      && (x.action == account_action::none
          || x.action == account_action::low_balance))
    return;
  auto& model = models_.at(report.model, now);
  const auto [named, backoff] = rest_of(x, options_);
  if (x.action == account_action::penalty && !named
      && !model.is_enough(tried, report.serial, options_.eject_after, now))
    return;
  model.is_missing = is_unavailable;
  model.reason = x.reason.empty() ? to_string(x.cls) : x.reason;
  model.begin(tried, report.serial, named, backoff, next(), now, jitter);
  ++revision_;
}

void health::doubt_key(timestamp now, double jitter) {
  if (refused_at_.millis == 0)
    refused_at_ = now;
  ejected_until_ = now + jittered(second_look, jitter);
  account_.way.open(ejected_until_, {}, next(), now);
}

void health::punish(const trial& tried, const attempt_report& report,
                    timestamp now, double jitter) {
  if (!account_.is_enough(tried, report.serial, options_.eject_after, now))
    return;
  auto& way = account_.way;
  const auto was_early = tried && tried->early;
  if (way.is_closed(options_.ramp, now))
    ejections_ = 0;
  if (!was_early || ejections_ == 0)
    ++ejections_;
  const auto span
    = doubled(options_.eject_base, options_.eject_max, ejections_ - 1);
  ejected_until_ = now + jittered(span, jitter);
  way.open(ejected_until_, early_from(now, options_, jitter), next(), now);
}

void health::on_success(const trial& tried, const attempt_report& report,
                        timestamp now) {
  latency_.add(report.first_byte, now);
  auto& way = account_.way;
  if (disabled_ || !account_.is_back_by(tried, report.serial, now))
    return;
  if (account_.failures_in_row > 0 || way.until().millis != 0)
    ++revision_;
  account_.failures_in_row = 0;
  ejected_until_ = refused_at_ = {};
  if (way.until().millis != 0)
    way.succeeded(now);
  if (way.is_closed(options_.ramp, now) && ejections_ + account_.times > 0) {
    ejections_ = account_.times = 0;
    ++revision_;
  }
}

} // namespace rota
