#include "actors/domain/failure_wait.hpp"

#include "actors/domain/json_text.hpp"
#include "actors/domain/retry_after.hpp"
#include "actors/domain/text_pattern.hpp"

#include <algorithm>

namespace rota {

namespace {

/// Money that comes back with the month.
constexpr milliseconds money_wait_max = 32 * wait_max;

} // namespace

std::optional<milliseconds> wait_of(const failure_rule& rule,
                                    const upstream_outcome& x,
                                    const answer& said, timestamp now) {
  using until = failure_rule::until;
  if (rule.ends == until::pacific_midnight)
    return std::max(next_pacific_midnight(now) - now, wait_min);
  if (rule.ends == until::next_month)
    return std::max(next_month(now) - now, wait_min);
  if (rule.cooldown)
    return rule.cooldown;
  const auto waits = rule.action == account_action::cooldown
                     || rule.action == account_action::exhausted
                     || rule.cls == failure_class::model_unavailable;
  if (!waits || rule.ignore_retry_after)
    return std::nullopt;
  const auto message = head_of(said.message, text_pattern::text_max);
  const auto in_body = said.retry_delay || !said.resets_at
                         ? said.retry_delay
                         : std::optional{*said.resets_at - now};
  const auto wait = retry_after(x, message, in_body, now);
  const auto most
    = rule.action == account_action::exhausted ? money_wait_max : wait_max;
  return wait ? std::optional{std::clamp(*wait, wait_min, most)}
              : std::nullopt;
}

} // namespace rota
