#include "actors/domain/expected_account.hpp"

#include "actors/domain/demand.hpp"

#include <algorithm>

namespace rota {

void expected_account::ask(const hold_request& x) {
  const auto tokens = tokens_of(*x.work);
  asked_.push_back({x.list_cost, tokens});
  cost_ += x.list_cost;
  tokens_ += tokens;
  ++asks_;
}

bool expected_account::publish(const account_state& x) {
  if (x.version < said_.version)
    return false;
  said_ = x;
  // Who left and came back has answered more than it was asked since.
  asks_ = std::max(asks_, x.answered);
  const size_t open = asks_ - x.answered;
  const auto told = asked_.size() - std::min(asked_.size(), open);
  for (size_t i = 0; i < told; ++i) {
    cost_ -= asked_[i].cost;
    tokens_ -= asked_[i].tokens;
  }
  asked_.erase(asked_.begin(), asked_.begin() + static_cast<ptrdiff_t>(told));
  return true;
}

account_state expected_account::expected() const {
  auto x = said_;
  x.available = (x.available - cost_).nearest();
  x.headroom = (x.headroom - cost_).nearest();
  x.in_flight += static_cast<uint32_t>(asked_.size());
  x.window_calls += asked_.size();
  x.tokens.take(tokens_, x.tokens.at);
  if (x.in_flight >= x.limit)
    for (auto* why : {&x.refusal, &x.free_refusal})
      if (*why == ec::ok)
        *why = ec::at_limit;
  return x;
}

} // namespace rota
