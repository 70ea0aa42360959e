#pragma once

#include "actors/domain/selection.hpp"
#include "messages/record.hpp"

#include <optional>
#include <span>

namespace rota {

/// What a pick asked for and what came of it.
struct survey_question {
  demand want;
  /// Accounts that the request has failed on.
  std::span<const account_id> tried;
  /// Those, and accounts that declined in this pick.
  std::span<const account_id> excluded;
  std::optional<account_id> chosen;
  /// Why those that could serve were passed over: others stood before them, or
  /// the request is bound to one account or stays with it.
  pick_finding passed_over = pick_finding::behind;
};

/// Pools of so many accounts are shown whole.
inline constexpr size_t survey_whole = 16;

/// Of larger ones, so many are shown behind the one that was chosen, or in the
/// place of one.
inline constexpr size_t survey_next = 2;
inline constexpr size_t survey_refused = 8;

/// So many are looked at where nothing was chosen; the others are counted as
/// accounts alone.
inline constexpr size_t survey_most = 1'024;

/// Why an account is not picked at once for a demand, whoever else there is;
/// `behind` if nothing keeps it away.
/// @param state As published; null: nothing was yet.
/// @param why   What ranking::check says.
pick_finding finding_of(const account_abilities& can,
                        const account_state* state, ec why,
                        const demand& want);

/// Looks at the accounts as the pick did: fills strategy, accounts, candidates,
/// rest and list_cost of its record. To be called before the choice changes
/// the ranking. O(log accounts), or bounded by `survey_most` where nothing was
/// chosen. Pure.
pick_record survey(const ranking& ranks, const survey_question& x);

} // namespace rota
