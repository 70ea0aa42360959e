#pragma once

#include "actors/domain/pricing.hpp"
#include "messages/job.hpp"
#include "messages/open_hold.hpp"

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
  /// How long the call was under way, where its answer broke off.
  milliseconds lasted{0};
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

/// What a call cost whose answer broke off.
struct broken_cost {
  seen_charge charge;
  usage used;
};

/// Of such a call, as far as could be seen: what it said, and at least the text
/// that came. At most what a model says, aloud or not, in the time that the
/// call lasted and until its provider notices. Nothing where answers are no
/// text.
std::optional<broken_cost> seen_cost(const tariff& by, const job& work,
                                     const answer_usage& x, factor multiplier,
                                     timestamp at);

} // namespace rota
