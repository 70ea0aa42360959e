#pragma once

#include "messages/ledger.hpp"
#include "messages/time.hpp"

#include <boost/container/static_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace rota {

/// How holds ended lately, and what was charged: makes repeats harmless and
/// late charges bookable. An ending is remembered until `limit` others have
/// followed it or `reach` has passed, and at most twice that: endings are kept
/// in two generations, and the elder is forgotten as a whole. Pure.
class ended_holds {
public:
  struct ending {
    money charged;
    entry_kind how = entry_kind::settle;
  };

  ended_holds(size_t limit, milliseconds reach) : limit_{limit}, reach_{reach} {
    // nop
  }

  /// @returns Null if this hold did not end here, or so long ago that it was
  /// forgotten.
  ending* find(const hold_id& id) {
    if (const auto* x = find_latest(id))
      return const_cast<ending*>(x);
    if (const auto i = young_.find(id); i != young_.end())
      return &i->second;
    const auto i = old_.find(id);
    return i != old_.end() ? &i->second : nullptr;
  }

  bool contains(const hold_id& id) const {
    // Jobs are numbered as they come, so a new hold mostly is behind all.
    return id <= highest_
           && (find_latest(id) != nullptr || young_.contains(id)
               || old_.contains(id));
  }

  /// Remembers an ending. The hold must not be remembered yet.
  void add(const hold_id& id, const ending& x, timestamp now) {
    const auto count = young_.size() + latest_.size();
    const auto is_over = count == limit_ || now - since_ >= reach_;
    if (is_over || latest_.size() == latest_.capacity()) {
      young_.insert(latest_.begin(), latest_.end());
      latest_.clear();
    }
    if (is_over) {
      std::swap(old_, young_);
      young_.clear(); // It keeps its room.
    }
    if (is_over || count == 0)
      since_ = now;
    highest_ = std::max(highest_, id);
    latest_.emplace_back(id, x);
  }

  size_t size() const {
    return latest_.size() + young_.size() + old_.size();
  }

private:
  using generation
    = boost::unordered_flat_map<hold_id, ending, std::hash<hold_id>>;
  // Of very many accounts each has a few calls in an hour: those lie with it,
  // which spares a pick two fetches from memory.
  using latest = boost::container::static_vector<std::pair<hold_id, ending>, 8>;

  const ending* find_latest(const hold_id& id) const {
    for (const auto& x : latest_)
      if (x.first == id)
        return &x.second;
    return nullptr;
  }

  size_t limit_;
  milliseconds reach_;
  timestamp since_; // When the younger generation began.
  hold_id highest_; // Of all that ever ended here.
  latest latest_; // Of the younger generation.
  generation young_;
  generation old_;
};

} // namespace rota
