#include "actors/domain/pick_survey.hpp"

#include "actors/domain/account_class.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace rota {

namespace {

bool is_among(std::span<const account_id> list, account_id x) {
  return std::find(list.begin(), list.end(), x) != list.end();
}

pick_finding not_configured(const account_abilities& can, const demand& want) {
  if (!speaks(can.surfaces, want.route))
    return pick_finding::other_surface;
  if (!has_model(can.models, want.model))
    return pick_finding::other_model;
  return pick_finding::other_tags;
}

/// When what keeps an account away ends by time alone.
timestamp until_of(const account_state& x, pick_finding why,
                   const demand& want) {
  switch (why) {
    case pick_finding::ejected:
    case pick_finding::cooling:
    case pick_finding::busy:
      return x.back_at;
    case pick_finding::model_cooling:
      if (const auto bar = bar_of(x.barred_models, want.model))
        return bar->until;
      return {};
    default:
      return {};
  }
}

/// Looks at one account after the other.
class surveyor {
public:
  surveyor(const ranking& ranks, const survey_question& x)
    : ranks_{ranks}, by_{ranks.by()}, x_{x} {
    // nop
  }

  candidate look(account_id id) const {
    const auto* const can = ranks_.abilities(id);
    const auto* const state = ranks_.find(id);
    candidate result;
    result.account = id;
    result.finding = finding(id, *can, state);
    if (state != nullptr) {
      result.available = state->available;
      result.until = until_of(*state, result.finding, x_.want);
      score(result, *state);
    }
    return result;
  }

  /// The chosen first, then who could serve in their order, then the others
  /// by number.
  bool before(const candidate& a, const candidate& b) const {
    const auto group = [](const candidate& x) {
      return x.finding == pick_finding::chosen  ? 0
             : x.finding == pick_finding::behind ? 1
                                                 : 2;
    };
    if (const auto x = group(a), y = group(b); x != y || x == 2)
      return x != y ? x < y : a.account < b.account;
    if (a.score != b.score)
      return (a.score < b.score) != (by_ == strategy::most_balance);
    return a.tie != b.tie ? a.tie < b.tie : a.account < b.account;
  }

private:
  pick_finding finding(account_id id, const account_abilities& can,
                       const account_state* state) const {
    if (x_.chosen == id)
      return pick_finding::chosen;
    if (is_among(x_.tried, id))
      return pick_finding::tried;
    if (is_among(x_.excluded, id))
      return pick_finding::declined;
    const auto why
      = finding_of(can, state, ranks_.check(id, x_.want), x_.want);
    return why == pick_finding::behind ? x_.passed_over : why;
  }

  void score(candidate& to, const account_state& x) const {
    switch (by_) {
      case strategy::most_balance:
        to.score = x.available.nanos;
        break;
      case strategy::least_used:
        to.score = static_cast<int64_t>(x.window_calls);
        to.tie = x.window_spent.nanos;
        break;
      case strategy::least_recently_used:
        to.score = x.last_used.millis;
        break;
      case strategy::fastest:
        to.score = static_cast<int64_t>(
          std::min<uint128>(load_of(x), std::numeric_limits<int64_t>::max()));
        break;
      case strategy::round_robin:
      case strategy::proportional:
        to.score = ranks_.turn_of(x.account);
        break;
    }
  }

  const ranking& ranks_;
  strategy by_;
  const survey_question& x_;
};

/// The chosen, and who would be next.
void show_next(const ranking& ranks, const survey_question& x,
               const surveyor& eye, pick_record& to) {
  to.candidates.push_back(eye.look(*x.chosen));
  std::vector<account_id> out(x.excluded.begin(), x.excluded.end());
  out.push_back(*x.chosen);
  for (size_t i = 0; i < survey_next; ++i) {
    const auto next = ranks.pick(x.want, out);
    if (!next)
      return;
    to.candidates.push_back(eye.look(*next));
    out.push_back(*next);
  }
}

/// Those that are configured for the demand first, and counts of the rest.
void show_refused(const ranking& ranks, const surveyor& eye,
                  pick_record& to) {
  constexpr auto kinds = static_cast<size_t>(pick_finding::other_session) + 1;
  std::array<uint32_t, kinds> counts{};
  ranks.for_each(survey_most, [&](account_id id) {
    const auto found = eye.look(id);
    const auto elsewhere = found.finding == pick_finding::other_surface
                           || found.finding == pick_finding::other_model
                           || found.finding == pick_finding::other_tags;
    if (!elsewhere && to.candidates.size() < survey_refused)
      to.candidates.push_back(found);
    else
      ++counts.at(static_cast<size_t>(found.finding));
  });
  for (size_t i = 0; i < kinds; ++i)
    if (counts[i] > 0)
      to.rest.push_back({static_cast<pick_finding>(i), counts[i]});
}

} // namespace

pick_finding finding_of(const account_abilities& can,
                        const account_state* state, ec why,
                        const demand& want) {
  switch (why) {
    case ec::ok:
      return pick_finding::behind;
    case ec::no_such_model:
      return not_configured(can, want);
    case ec::not_ready:
      return state != nullptr && state->admin == admin_state::maintenance
               ? pick_finding::in_maintenance
               : pick_finding::drained;
    case ec::ejected:
      return pick_finding::ejected;
    case ec::cooling:
      return state != nullptr && state->refusal == ec::ok
               ? pick_finding::model_cooling
               : pick_finding::cooling;
    case ec::insufficient_funds:
      if (state != nullptr && state->refusal == ec::ok)
        return pick_finding::too_little;
      // Its books may know of money where its provider does not.
      return state != nullptr && state->headroom > money{}
               ? pick_finding::exhausted
               : pick_finding::below_floor;
    case ec::reading_stale:
      return pick_finding::reading_stale;
    case ec::balance_unknown:
      return pick_finding::balance_unknown;
    default:
      return pick_finding::busy;
  }
}

pick_record survey(const ranking& ranks, const survey_question& x) {
  pick_record result;
  result.by = ranks.by();
  result.list_cost = x.want.list_cost;
  result.accounts = static_cast<uint32_t>(ranks.size());
  const surveyor eye{ranks, x};
  if (ranks.size() <= survey_whole) {
    result.candidates.reserve(ranks.size());
    ranks.for_each(survey_whole, [&](account_id id) {
      result.candidates.push_back(eye.look(id));
    });
    std::sort(result.candidates.begin(), result.candidates.end(),
              [&eye](const auto& a, const auto& b) {
                return eye.before(a, b);
              });
  } else if (x.chosen) {
    show_next(ranks, x, eye, result);
  } else {
    show_refused(ranks, eye, result);
  }
  return result;
}

} // namespace rota
