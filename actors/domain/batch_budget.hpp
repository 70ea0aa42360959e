#pragma once

#include "messages/money.hpp"

#include <cstddef>
#include <vector>

namespace rota {

/// What an account can still spend.
struct purse {
  money left;        ///< Above its floor.
  factor multiplier; ///< What it charges in relation to the list price.
};

/// The part of a batch that the same accounts can serve.
struct batch_share {
  money list_cost;
  std::vector<size_t> purses; ///< Indices.
};

struct batch_budget {
  size_t accounts = 0; ///< That can serve any part.
  money available;     ///< What they have together.
  /// What the batch costs if each part is served by the dearest of its
  /// accounts; a part that nobody can serve counts at list price.
  money cost_max;
  /// A way was found to pay for all parts. There may be one all the same where
  /// none was: parts with few accounts choose first, and take from accounts
  /// that serve few parts.
  bool fits = false;
};

/// Compares what a batch costs with the money that can pay for it. Sums stop
/// at the top instead of overflowing.
batch_budget budget_of(std::vector<purse> purses,
                       std::vector<batch_share> shares);

} // namespace rota
