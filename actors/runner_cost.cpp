// What the RUNNER finds that an attempt cost.

#include "actors/domain/dialect.hpp"
#include "actors/domain/said_text.hpp"
#include "actors/runner.hpp"

namespace rota {

void runner_state::note_cost(attempt_end& to,
                             const upstream_outcome& x) const {
  const auto charged = to.report.judged.charged;
  const auto multiplier = held->grant.multiplier;
  if (charged == charge::yes) {
    const auto cost
      = real_cost(prices(), *work, usage_of(x), multiplier, now());
    to.report.used = cost.used;
    to.cost = cost.amount;
    const auto found = prices().prices.find(work->model);
    to.report.guessed_price = found.unknown || found.by_prefix;
    if (cost.used.source != usage_source::estimated)
      to.unused_tokens = work->estimate.total() - cost.used.input_total()
                         - cost.used.output;
  } else if (charged == charge::no && !is_free(work->route)) {
    to.unused_tokens = work->estimate.total();
  } else if (charged == charge::perhaps && (x.passed || work->sink)) {
    const auto seen = seen_cost(prices(), *work, usage_of(x), multiplier,
                                now());
    if (!seen)
      return;
    to.seen = seen->charge;
    if (x.passed)
      to.report.used = seen->used;
    else // What it thought, nobody saw.
      to.seen->presumed = to.seen->at_most;
  }
}

answer_usage runner_state::usage_of(const upstream_outcome& x) const {
  if (x.passed)
    return {x.passed->used, x.passed->text, x.total};
  answer_usage result{read_usage(work->route, x.body), 0, x.total};
  if (!result.said)
    result.text = (weigh_answer(work->route, x.body) + 99) / 100;
  return result;
}

} // namespace rota
