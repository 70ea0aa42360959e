#include "tests/simulation/gate_auditor.hpp"

#include "tests/simulation/black_box.hpp"

#include <algorithm>

namespace rota::simulation {

gate_auditor::gate_auditor(health_options health, uint32_t max_in_flight,
                           uint32_t requests_per_minute)
  : health_{health},
    max_in_flight_{max_in_flight},
    per_minute_{requests_per_minute} {
  // nop
}

void gate_auditor::used(size_t live, timestamp now) {
  require(!disabled_, "gate", "an account is used whose key was refused");
  require(!exhausted_, "gate", "an exhausted account is used");
  require(now >= cool_until_, "gate", "an account is used while it cools down");
  require(now >= eject_until_, "gate", "an ejected account is used");
  require(!ejected_ || live <= 1, "gate", "a probe is not alone");
  probed_ = ejected_ || unsure_;
  require(live <= max_in_flight_, "gate", "too many requests are in flight");
  if (per_minute_ == 0)
    return;
  uses_.push_back(now);
  while (now - uses_.front() >= milliseconds{60'000})
    uses_.pop_front();
  // A full bucket, and what a minute refills.
  require(uses_.size() <= 2 * per_minute_, "gate",
          "too many requests in a minute");
}

void gate_auditor::told(const verdict& x, timestamp now) {
  // What has passed does not come back, though the next run's clock may.
  if (cool_until_ <= now)
    cool_until_ = {};
  if (eject_until_ <= now)
    eject_until_ = {};
  if (x.cls == failure_class::none) {
    if (now < eject_until_ || disabled_)
      return;
    unsure_ = (ejected_ || unsure_) && !probed_;
    failures_ = 0;
    ejected_ = false;
    return;
  }
  if (x.scope == failure_scope::request)
    return;
  switch (x.action) {
    case account_action::penalty:
      if (now < eject_until_ || disabled_)
        return;
      if (unsure_)
        probed_ = false; // That may have been the probe's.
      if (unsure_ || (ejected_ && !probed_))
        return; // An ejection may last longer, by its jitter.
      if (ejected_ || ++failures_ >= health_.eject_after) {
        ejected_ = true;
        probed_ = false;
        eject_until_ = now + health_.eject_base;
        failures_ = 0;
      }
      break;
    case account_action::cooldown:
      cool_until_ = std::max(
        cool_until_, now + x.cooldown.value_or(health_.cooldown_base));
      break;
    case account_action::exhausted:
      exhausted_ = true;
      break;
    case account_action::disabled:
      disabled_ = true;
      break;
    default:
      break;
  }
}

void gate_auditor::reset() {
  failures_ = 0;
  ejected_ = probed_ = unsure_ = disabled_ = exhausted_ = false;
  eject_until_ = cool_until_ = {};
}

void gate_auditor::restarted() {
  failures_ = 0; // Not worth storing.
  probed_ = false;
  uses_.clear(); // A new run begins with full buckets.
}

} // namespace rota::simulation
