#pragma once

#include "actors/domain/fetch_ahead.hpp"
#include "messages/ids.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace rota {

/// Something about each account, found by its number without a search: the
/// store numbers accounts from 1 without gaps. What is found stays where it is
/// until it is erased. Pure.
template <class T>
class account_table {
public:
  T* find(account_id x) {
    return x.value < places_.size() ? places_[x.value].get() : nullptr;
  }

  const T* find(account_id x) const {
    return x.value < places_.size() ? places_[x.value].get() : nullptr;
  }

  /// Has what is there fetched into the cache.
  void prefetch(account_id x) const {
    if (const auto* at = find(x))
      fetch_ahead(at, sizeof(T));
  }

  /// @returns What is there, made anew if nothing was.
  T& operator[](account_id x) {
    if (x.value >= places_.size())
      places_.resize(x.value + size_t{1});
    auto& place = places_[x.value];
    if (!place) {
      place = std::make_unique<T>();
      ++size_;
    }
    return *place;
  }

  void erase(account_id x) {
    if (find(x) == nullptr)
      return;
    places_[x.value].reset();
    --size_;
  }

  size_t size() const {
    return size_;
  }

  /// Calls `f(account_id, T&)` for each, in the order of numbers.
  template <class F>
  void for_each(F f) const {
    for (uint32_t i = 0; i < places_.size(); ++i)
      if (places_[i])
        f(account_id{i}, *places_[i]);
  }

private:
  std::vector<std::unique_ptr<T>> places_;
  size_t size_ = 0;
};

} // namespace rota
