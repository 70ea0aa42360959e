#include "tests/simulation/gate_auditor.hpp"

#include "tests/simulation/black_box.hpp"

#include <algorithm>
#include <utility>

namespace rota::simulation {

gate_auditor::gate_auditor(health_options health, uint32_t max_in_flight,
                           uint32_t requests_per_minute)
  : health_{health},
    max_in_flight_{max_in_flight},
    per_minute_{requests_per_minute} {
  // nop
}

void gate_auditor::used(const use& x, timestamp now) {
  require(!disabled_, "gate", "an account is used whose key was refused");
  require(!exhausted_, "gate", "an exhausted account is used");
  if (x.early && now < std::max(cool_until_, eject_until_)) {
    require(guess_, "gate", "an account is tried early whose time is named");
    require(now >= closed_at_ + health_.last_resort, "gate",
            "an account is tried too early");
  }
  require(x.early || now >= cool_until_, "gate",
          "an account is used while it cools down");
  require(x.early || now >= eject_until_, "gate", "an ejected account is used");
  const auto others = trials(now);
  require(!closed_ || others == 0, "gate", "a probe is not alone");
  if (back_at_.millis != 0 && now < back_at_ + health_.ramp) {
    const auto passed = std::max(now - back_at_, health_.ramp / 10);
    require(others == 0
              || static_cast<int64_t>(others + 1) * health_.ramp
                   <= passed * max_in_flight_,
            "gate", "an account that is back has its full load at once");
  }
  if (closed_ || back_at_.millis != 0)
    trials_[x.hold] = x;
  else
    plain_.insert(x.hold);
  require(x.live <= max_in_flight_, "gate", "too many requests are in flight");
  if (per_minute_ == 0)
    return;
  uses_.push_back(now);
  while (now - uses_.front() >= milliseconds{60'000})
    uses_.pop_front();
  // A full bucket, and what a minute refills.
  require(uses_.size() <= 2 * per_minute_, "gate",
          "too many requests in a minute");
}

void gate_auditor::told(const hold_id& id, const verdict& x, timestamp now) {
  // What has passed does not come back, though the next run's clock may.
  if (cool_until_ <= now)
    cool_until_ = {};
  if (eject_until_ <= now)
    eject_until_ = {};
  const auto found = trials_.find(id);
  const auto early = found != trials_.end() && found->second.early;
  const auto late = late_.contains(id);
  trials_.erase(id);
  late_.erase(id);
  plain_.erase(id);
  if (x.cls == failure_class::none) {
    const auto open = now < std::max(cool_until_, eject_until_);
    if (disabled_ || late || (open && !early))
      return;
    failures_ = 0;
    refused_at_ = {};
    if (std::exchange(closed_, false))
      back_at_ = now;
    cool_until_ = eject_until_ = {};
    return;
  }
  if (x.scope == failure_scope::request)
    return;
  switch (x.action) {
    case account_action::penalty:
      if (late || (!closed_ && ++failures_ < health_.eject_after))
        return;
      failures_ = 0;
      eject_until_ = now + health_.eject_base;
      close(now, true);
      break;
    case account_action::cooldown:
      if (late && !x.cooldown)
        return;
      cool_until_ = std::max(
        cool_until_, now + x.cooldown.value_or(health_.cooldown_base));
      close(now, !x.cooldown);
      break;
    case account_action::exhausted:
      exhausted_ = true;
      break;
    case account_action::disabled:
      // A key is bad if it is refused twice, half a minute apart.
      if (x.cls != failure_class::auth_invalid
          || (!late && refused_at_.millis != 0
              && now >= refused_at_ + milliseconds{30'000})) {
        disabled_ = true;
      } else if (!late) {
        if (refused_at_.millis == 0)
          refused_at_ = now;
        eject_until_ = now + milliseconds{30'000};
        close(now, false);
      }
      break;
    default:
      break;
  }
}

void gate_auditor::close(timestamp now, bool is_guess) {
  closed_ = true;
  guess_ = is_guess;
  closed_at_ = now;
  back_at_ = {};
  for (const auto& [id, x] : trials_)
    late_.insert(id);
  late_.merge(plain_);
  trials_.clear();
  plain_.clear();
}

size_t gate_auditor::trials(timestamp now) {
  if (!closed_ && back_at_.millis != 0 && now >= back_at_ + health_.ramp) {
    for (const auto& [id, x] : trials_)
      plain_.insert(id);
    trials_.clear();
    back_at_ = {};
  }
  return static_cast<size_t>(
    std::count_if(trials_.begin(), trials_.end(), [now](const auto& x) {
      return x.second.lost_at > now;
    }));
}

void gate_auditor::reset() {
  failures_ = 0;
  closed_ = guess_ = disabled_ = exhausted_ = false;
  eject_until_ = cool_until_ = back_at_ = refused_at_ = {};
  for (const auto& [id, x] : trials_)
    plain_.insert(id);
  plain_.merge(late_);
  trials_.clear();
  late_.clear();
}

void gate_auditor::restarted() {
  failures_ = 0; // Not worth storing.
  refused_at_ = {};
  guess_ = false;
  back_at_ = {};
  trials_.clear();
  late_.clear();
  plain_.clear();
  uses_.clear(); // A new run begins with full buckets.
}

} // namespace rota::simulation
