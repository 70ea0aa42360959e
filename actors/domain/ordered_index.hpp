#pragma once

#include "messages/ids.hpp"
#include "messages/money.hpp"

#include <compare>
#include <cstdint>
#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>
#include <functional>

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
/// afford a request is found in O(log n): every node knows the most headroom
/// in its subtree. A red-black tree of libstdc++'s policy-based containers.
class ordered_index {
public:
  void insert(const rank_key& key, money headroom) {
    tree_.insert({key, headroom});
  }

  void erase(const rank_key& key) {
    tree_.erase(key);
  }

  bool empty() const {
    return tree_.empty();
  }

  /// The first with at least that headroom, or null. The pointer lives until
  /// the next change.
  const rank_key* first(money least) const {
    return first_in(tree_.node_begin(), least);
  }

  /// The first behind `key` with at least that headroom, or null.
  const rank_key* next(const rank_key& key, money least) const {
    return next_in(tree_.node_begin(), key, least);
  }

private:
  /// Keeps the metadata of a node: the most headroom of its subtree.
  template <class ConstNode, class Node, class Compare, class Alloc>
  struct most_headroom {
    using metadata_type = money;

    void operator()(Node at, ConstNode end) const {
      auto most = (*at)->second;
      for (const auto child : {at.get_l_child(), at.get_r_child()})
        if (child != end && most < child.get_metadata())
          most = child.get_metadata();
      // The container offers metadata as const alone.
      const_cast<money&>(at.get_metadata()) = most;
    }

    virtual ~most_headroom() = default;
  };

  using tree = __gnu_pbds::tree<rank_key, money, std::less<rank_key>,
                                __gnu_pbds::rb_tree_tag, most_headroom>;
  using node = tree::node_const_iterator;

  bool affords(node at, money least) const {
    return at != tree_.node_end() && at.get_metadata() >= least;
  }

  const rank_key* first_in(node at, money least) const {
    if (!affords(at, least))
      return nullptr;
    while (true) {
      if (const auto left = at.get_l_child(); affords(left, least))
        at = left;
      else if ((*at)->second >= least)
        return &(*at)->first;
      else // It must be there, or the metadata lies.
        at = at.get_r_child();
    }
  }

  const rank_key* next_in(node at, const rank_key& key, money least) const {
    if (!affords(at, least))
      return nullptr;
    if ((*at)->first <= key)
      return next_in(at.get_r_child(), key, least);
    if (const auto found = next_in(at.get_l_child(), key, least))
      return found;
    if ((*at)->second >= least)
      return &(*at)->first;
    return first_in(at.get_r_child(), least);
  }

  tree tree_;
};

} // namespace rota
