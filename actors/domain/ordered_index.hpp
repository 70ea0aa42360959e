#pragma once

#include "messages/ids.hpp"
#include "messages/money.hpp"

#include <compare>
#include <cstdint>
#include <memory>

namespace rota {

__extension__ typedef unsigned __int128 uint128;

/// Where an account stands in a strategy's order: least first, and the lower
/// account id among equals. What the figures mean is the strategy's affair.
struct rank_key {
  uint128 major = 0;
  int64_t minor = 0;
  account_id account;

  friend constexpr auto operator<=>(const rank_key&, const rank_key&) = default;
};

/// Accounts in order, each with its headroom, so that the first one that can
/// afford a request is found in O(log n): above each node stands the most
/// headroom below it. A B+ tree, since with many accounts the lines of memory
/// that are touched are what a change costs: nodes are wide, and go when they
/// are empty (Johnson and Shasha, 1993: better than merging half-full ones).
class ordered_index {
public:
  ordered_index();
  ~ordered_index();
  ordered_index(ordered_index&&) noexcept;
  ordered_index& operator=(ordered_index&&) noexcept;

  /// Adds a key that is not there yet.
  void insert(const rank_key& key, money headroom);

  /// Takes out a key that is there.
  void erase(const rank_key& key);

  bool empty() const;

  /// The first with at least that headroom, or null. The pointer lives until
  /// the next change.
  const rank_key* first(money least) const;

  /// The first behind `key` with at least that headroom, or null.
  const rank_key* next(const rank_key& key, money least) const;

private:
  struct node;

  std::unique_ptr<node> root_;
};

} // namespace rota
