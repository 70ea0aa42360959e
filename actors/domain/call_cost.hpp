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

/// What an answer tells of its cost.
struct answer_usage {
  /// The tokens it said that it used.
  std::optional<usage> said;
  /// The tokens of its text, as we weigh it.
  int64_t text = 0;
};

/// What a call cost, and what it used.
struct call_cost {
  money amount;
  usage used;
};

/// Of a call that was answered. The first of these counts:
/// - the tokens that the answer says it used, or the seconds it heard;
/// - the table's price for a picture, a character, a second or a search;
/// - the estimate from before the call, but for its output the answer's text.
call_cost real_cost(const tariff& by, const job& work, const answer_usage& x,
                    factor multiplier, timestamp at);

/// Of a call whose answer broke off, as far as could be seen: what it said, and
/// at least the text that came. Nothing where answers are no text.
std::optional<call_cost> seen_cost(const tariff& by, const job& work,
                                   const answer_usage& x, factor multiplier,
                                   timestamp at);

} // namespace rota
