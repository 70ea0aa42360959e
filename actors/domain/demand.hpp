#pragma once

#include "messages/account.hpp"
#include "messages/account_state.hpp"
#include "messages/job.hpp"

#include <span>
#include <string>
#include <string_view>

namespace rota {

/// What a job asks for.
struct demand {
  surface route = surface::openai_chat;
  std::string_view model; ///< Empty: it is about no model.
  money list_cost;
  std::span<const std::string> tags;
  int64_t tokens = 0; ///< By estimate.
  timestamp now = {};
};

/// What a job takes of an account's tokens per minute, by estimate.
inline int64_t tokens_of(const job& x) {
  return is_free(x.route) ? 0 : x.estimate.total();
}

inline demand demand_of(const hold_request& x, timestamp now) {
  const auto& work = *x.work;
  return {work.route, work.model, x.list_cost, work.tags, tokens_of(work), now};
}

/// Whether an account that may be picked is neither busy nor short of tokens.
inline bool is_ready(const account_state& x, const demand& want) {
  return x.refusal == ec::ok && x.tokens.has(want.tokens, want.now);
}

} // namespace rota
