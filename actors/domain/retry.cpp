#include "actors/domain/retry.hpp"

#include <algorithm>

namespace rota {

verdict judged_late(verdict x, milliseconds had, milliseconds whole) {
  if (had < whole / 2) {
    x.scope = failure_scope::request;
    x.action = account_action::none;
  }
  return x;
}

bool is_lasting(const verdict& x) {
  return x.cls == failure_class::client_restricted
         || (x.cls == failure_class::rate_limited
             && x.scope == failure_scope::request);
}

bool is_of_pool(const verdict& x) {
  return x.failover && x.cls != failure_class::model_unavailable
         && !is_lasting(x);
}

next_step retry_budget::after_failure(const verdict& x, bool sent,
                                      timestamp now) {
  if (sent)
    ++attempts_;
  else
    ++unsent_;
  if (x.charged == charge::perhaps || x.charged == charge::yes)
    ++billed_;
  if (!x.failover || over(now))
    return next_step::give_up;
  return next_step::elsewhere;
}

next_step retry_budget::after_refusal(timestamp now) {
  if (over(now))
    return next_step::give_up;
  ++rounds_;
  // A job that never reached anybody waits for as long as it may; one that
  // failed everywhere has a bounded number of rounds.
  if (attempts_ + unsent_ > 0 && rounds_ >= options_.attempts)
    return next_step::give_up;
  return next_step::wait;
}

milliseconds retry_budget::backoff(double draw) const {
  const auto shift = std::min(rounds_ > 0 ? rounds_ - 1 : 0, 20u);
  const auto most
    = std::min(options_.backoff_max,
               options_.backoff_base * (int64_t{1} << shift));
  const auto span
    = static_cast<int64_t>(draw * static_cast<double>(most.count()));
  return milliseconds{span + 1};
}

bool retry_budget::over(timestamp now) const {
  // What never left costs nothing, but is not tried for ever either.
  return attempts_ >= options_.attempts || unsent_ >= 4 * options_.attempts
         || billed_ >= options_.billed_attempts
         || (deadline_.millis != 0 && now >= deadline_);
}

void retry_quota::limits(uint32_t percent, uint32_t per_second) {
  percent_ = percent;
  per_second_ = per_second;
}

void retry_quota::on_request(timestamp now) {
  requests_.add(1, {}, now);
}

bool retry_quota::take(timestamp now) {
  requests_.expire(now);
  retries_.expire(now);
  const auto most = requests_.calls() * percent_ / 100 + per_second_ * 10;
  if (retries_.calls() >= most)
    return false;
  retries_.add(1, {}, now);
  return true;
}

} // namespace rota
