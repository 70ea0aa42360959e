#include "actors/domain/lag_watch.hpp"

#include "messages/money_sum.hpp"

namespace rota {

namespace {

constexpr milliseconds least_bound{600'000};

/// Enough to tell lags apart; a busy account should not remember more.
constexpr size_t slots = 64;

milliseconds bound_of(milliseconds configured) {
  return std::max(least_bound, configured * 10);
}

} // namespace

lag_watch::lag_watch(milliseconds configured, money quantum,
                     milliseconds learnt)
  : configured_{configured},
    quantum_{quantum},
    learnt_{learnt},
    recent_{bound_of(configured), slots} {
  // nop
}

void lag_watch::rules(milliseconds configured, money quantum) {
  configured_ = configured;
  quantum_ = quantum;
  recent_.reach(most());
}

void lag_watch::charged(money cost, timestamp now) {
  if (cost > money{})
    recent_.add(cost, now);
}

bool lag_watch::reading(const judgement& x) {
  recent_.forget_before(x.at - most());
  if (x.correction > money{}) {
    came(x);
    return false;
  }
  if (x.correction < money{})
    return went(x);
  // Nothing can be late any more, and the books agree: it was new money.
  if (x.held == money{} && recent_.size() == 0)
    restart();
  return false;
}

milliseconds lag_watch::most() const {
  return bound_of(configured_);
}

void lag_watch::came(const judgement& x) {
  const auto missed = x.correction + x.in_window - quantum_;
  const auto from = recent_.reached(std::max(missed, money{1}));
  if (!from || *from > x.at)
    return; // More than any charge: new money.
  waiting_ = saturated_sum(waiting_, x.correction);
  needed_ = std::max(needed_, x.at - *from);
}

bool lag_watch::went(const judgement& x) {
  const auto noise = quantum_ + quantum_;
  const auto missing = -x.correction;
  if (waiting_ <= noise)
    return false;
  if (missing > saturated_sum(waiting_, noise)) {
    restart(); // More went than had come: somebody else spends.
    return false;
  }
  const auto enough = missing >= waiting_ - missing;
  waiting_ -= missing;
  if (!enough || waiting_ > x.held + noise)
    return false;
  const auto before = value();
  learnt_ = std::max(learnt_, std::min(needed_, most()));
  restart();
  return value() > before;
}

} // namespace rota
