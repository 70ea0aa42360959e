#pragma once

#include "actors/domain/pricing.hpp"
#include "messages/job.hpp"

namespace rota {

/// What is known of prices when a call is to cost something.
struct tariff {
  const price_table& prices;
  /// What a picture, speech, recording, rerank or moderation costs by estimate
  /// where the table does not know its model: routing.unpriced_call.
  money unpriced_call;
};

/// What a call may cost, before the fact: nothing where its surface is free,
/// else its estimated tokens and units at the table's prices.
money expected_cost(const tariff& by, const job& work, factor multiplier,
                    timestamp at);

/// What a call that was answered cost, and what it used. The first of these
/// counts:
/// - the tokens that the answer says it used, or the seconds it heard;
/// - the table's price for a picture, a character, a second or a search;
/// - the estimate from before the call.
struct call_cost {
  money amount;
  usage used;
};

call_cost real_cost(const tariff& by, const job& work,
                    const std::optional<usage>& said, factor multiplier,
                    timestamp at);

} // namespace rota
