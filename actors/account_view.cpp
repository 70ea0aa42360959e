// An account as people see it.

#include "actors/account.hpp"

#include "actors/support.hpp"

#include <algorithm>
#include <tuple>

namespace rota {

namespace {

/// At most so many doubts are listed.
constexpr size_t doubts_max = 1'000;

std::vector<open_hold> doubts_of(account_head head) {
  auto& holds = head.holds;
  std::erase_if(holds, [](const open_hold& x) { return !x.in_doubt; });
  std::sort(holds.begin(), holds.end(), [](const auto& x, const auto& y) {
    return std::tie(x.made_at, x.id) < std::tie(y.made_at, y.id);
  });
  if (holds.size() > doubts_max)
    holds.resize(doubts_max);
  return std::move(holds);
}

} // namespace

account_view account_actor_state::status() const {
  const auto t = now();
  const auto& head = books->head();
  const auto& options = setup.account;
  account_view x;
  x.id = head.account;
  x.name = options.name;
  x.kind = options.kind;
  x.host = host_of(options.base_url);
  x.admin = admin;
  x.health = condition->state(t);
  x.funds = funds();
  x.reading = head.reading;
  x.read_at = head.read_at;
  x.posted = books->posted();
  x.held = head.held;
  x.available = books->available();
  x.floor = options.floor;
  x.least_hold = least_hold.value_or(money{});
  if (const auto why = refusal(t);
      why == ec::ok || why == ec::at_limit || why == ec::cooling)
    x.spendable = std::max(spendable(t), money{});
  x.in_flight = limits->in_flight();
  x.limit = limit(t);
  x.in_doubt = static_cast<uint32_t>(books->in_doubt());
  x.in_doubt_amount = books->in_doubt_amount();
  if (x.in_doubt > 0)
    x.doubts = doubts_of(books->snapshot());
  x.calls = head.calls;
  x.failures = condition->failures();
  x.successes = successes;
  x.overruns = head.overruns;
  x.lates = head.lates;
  x.stale = books->is_stale(t);
  watch->describe(x, t);
  x.posting_lag = books->lag().value();
  x.spent = head.spent;
  x.last_used = head.last_used;
  x.probe = probe;
  tell_condition(x, t);
  x.models = options.models;
  x.tags = options.tags;
  return x;
}

funds_state account_actor_state::funds() const {
  if (condition->exhausted())
    return funds_state::exhausted;
  if (!books->head().funded)
    return funds_state::unknown;
  const auto left = books->available() + books->head().held;
  if (left - setup.account.floor < least_hold.value_or(money{1}))
    return funds_state::exhausted;
  return low ? funds_state::low : funds_state::funded;
}

void account_actor_state::tell_condition(account_view& x, timestamp t) const {
  x.cooldown_until = condition->cooldown_until(t);
  x.cooling = condition->cooling_models(t);
  std::stable_sort(x.cooling.begin(), x.cooling.end(),
                   [](const auto& a, const auto& b) {
                     return a.until < b.until;
                   });
  const auto serves = (x.health == health_state::healthy
                       || x.health == health_state::degraded)
                      && !condition->exhausted() && x.cooldown_until <= t;
  if (serves && !x.cooling.empty()) {
    const auto& first = x.cooling.front();
    x.cooldown_until = first.until;
    x.reason = first.model + ": " + first.reason;
  } else if (!serves || x.health == health_state::degraded) {
    x.reason = condition->reason();
  } else if (!books->head().funded) {
    x.reason = "what it holds is not known: "
               + (setup.account.balance.probe == probe_kind::none
                    ? "set balance.initial or balance.probe, or say rota "
                      "account " + setup.account.name + " adjust USD"
                    : "no reading has come yet");
  } else if (const auto bar = scarce.bar(t)) {
    x.reason = "too little is left at its provider for requests of "
               + to_string(std::max(*bar, money{})) + " USD and more";
  }
}

} // namespace rota
