#pragma once

#include "messages/ledger.hpp"

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace rota {

/// How holds ended lately, and what was charged: makes repeats harmless and
/// late charges bookable. A ring of the newest `limit` endings with an open
/// hash table over it: 40 bytes an ending, no allocation once it is full. Pure.
class ended_holds {
public:
  struct ending {
    hold_id id;
    money charged;
    entry_kind how = entry_kind::settle;
  };

  /// @param limit A power of two.
  explicit ended_holds(uint32_t limit) : limit_{limit} {
    // nop
  }

  /// @returns Nothing if this hold did not end here, or so long ago that it
  /// was forgotten.
  ending* find(const hold_id& id) {
    return const_cast<ending*>(std::as_const(*this).find(id));
  }

  const ending* find(const hold_id& id) const {
    if (slots_.empty())
      return nullptr;
    for (auto at = home(id); slots_[at] != none; at = next(at))
      if (ring_[slots_[at]].id == id)
        return &ring_[slots_[at]];
    return nullptr;
  }

  bool contains(const hold_id& id) const {
    return find(id) != nullptr;
  }

  /// Remembers an ending, and forgets the oldest if there are too many. The
  /// hold must not be remembered yet.
  void add(const ending& x) {
    if (ring_.size() < limit_) {
      ring_.push_back(x);
      if (ring_.size() * 2 > slots_.size())
        rebuild(ring_.size() * 4);
      else
        link(static_cast<uint32_t>(ring_.size() - 1));
      return;
    }
    unlink(oldest_);
    ring_[oldest_] = x;
    link(oldest_);
    oldest_ = (oldest_ + 1) % limit_;
  }

  size_t size() const {
    return ring_.size();
  }

private:
  static constexpr uint32_t none = UINT32_MAX;

  size_t home(const hold_id& id) const {
    return std::hash<hold_id>{}(id) & (slots_.size() - 1);
  }

  size_t next(size_t at) const {
    return (at + 1) & (slots_.size() - 1);
  }

  void link(uint32_t entry) {
    auto at = home(ring_[entry].id);
    while (slots_[at] != none)
      at = next(at);
    slots_[at] = entry;
  }

  /// Closes the gap behind a removed entry, so that searches may stop at the
  /// first empty slot.
  void unlink(uint32_t entry) {
    auto gap = home(ring_[entry].id);
    while (slots_[gap] != entry)
      gap = next(gap);
    for (auto at = next(gap); slots_[at] != none; at = next(at)) {
      const auto wanted = home(ring_[slots_[at]].id);
      const auto mask = slots_.size() - 1;
      if (((at - wanted) & mask) < ((at - gap) & mask))
        continue; // It would land before its own home.
      slots_[gap] = slots_[at];
      gap = at;
    }
    slots_[gap] = none;
  }

  void rebuild(size_t wanted) {
    size_t size = 16;
    while (size < wanted)
      size *= 2;
    slots_.assign(size, none);
    for (uint32_t i = 0; i < ring_.size(); ++i)
      link(i);
  }

  uint32_t limit_;
  uint32_t oldest_ = 0;
  std::vector<ending> ring_;
  std::vector<uint32_t> slots_; // Numbers in `ring_`; at most half in use.
};

} // namespace rota
