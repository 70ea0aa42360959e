#pragma once

#include "messages/ledger.hpp"
#include "messages/time.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

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
    if (const auto i = young_.find(id); i != young_.end())
      return &i->second;
    const auto i = old_.find(id);
    return i != old_.end() ? &i->second : nullptr;
  }

  bool contains(const hold_id& id) const {
    return young_.contains(id) || old_.contains(id);
  }

  /// Remembers an ending. The hold must not be remembered yet.
  void add(const hold_id& id, const ending& x, timestamp now) {
    if (young_.size() == limit_ || now - since_ >= reach_) {
      std::swap(old_, young_);
      young_.clear(); // It keeps its room.
    }
    if (young_.empty())
      since_ = now;
    young_.emplace(id, x);
  }

  size_t size() const {
    return young_.size() + old_.size();
  }

private:
  using generation
    = boost::unordered_flat_map<hold_id, ending, std::hash<hold_id>>;

  size_t limit_;
  milliseconds reach_;
  timestamp since_; // When the younger generation began.
  generation young_;
  generation old_;
};

} // namespace rota
