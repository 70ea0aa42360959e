#include "actors/domain/ordered_index.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace rota {

/// A leaf's places are accounts. Above, a place is a node: its key is not above
/// any key in that node, and above all in the nodes before it; of the first
/// place it says nothing.
struct ordered_index::node {
  static constexpr size_t width = 32;

  explicit node(bool leaf) : is_leaf{leaf} {}

  size_t behind(const rank_key& key) const {
    return static_cast<size_t>(
      std::upper_bound(keys.begin(), keys.begin() + size, key) - keys.begin());
  }

  /// The place that has the key, or would have it.
  size_t way_to(const rank_key& key) const {
    return std::max(behind(key), size_t{1}) - 1;
  }

  money most_of_all() const {
    return *std::max_element(most.begin(), most.begin() + size);
  }

  void open(size_t at, const rank_key& key, money headroom,
            std::unique_ptr<node> child) {
    const auto shift = [&](auto& list) {
      std::move_backward(list.begin() + at, list.begin() + size,
                         list.begin() + size + 1);
    };
    shift(keys);
    shift(most);
    keys[at] = key;
    most[at] = headroom;
    if (!is_leaf) {
      shift(below);
      below[at] = std::move(child);
    }
    ++size;
  }

  void close(size_t at) {
    const auto shift = [&](auto& list) {
      std::move(list.begin() + at + 1, list.begin() + size, list.begin() + at);
    };
    shift(keys);
    shift(most);
    if (!is_leaf)
      shift(below);
    --size;
  }

  /// @returns What must stand behind this node now, if it was full.
  std::unique_ptr<node> put(size_t at, const rank_key& key, money headroom,
                            std::unique_ptr<node> child) {
    if (size < width) {
      open(at, key, headroom, std::move(child));
      return nullptr;
    }
    constexpr auto half = width / 2;
    auto right = std::make_unique<node>(is_leaf);
    const auto part = [&](auto& from, auto& to) {
      std::move(from.begin() + half, from.end(), to.begin());
    };
    part(keys, right->keys);
    part(most, right->most);
    if (!is_leaf)
      part(below, right->below);
    right->size = width - half;
    size = half;
    if (at <= half)
      open(at, key, headroom, std::move(child));
    else
      right->open(at - half, key, headroom, std::move(child));
    return right;
  }

  std::unique_ptr<node> adopt(size_t at, std::unique_ptr<node> child) {
    const auto key = child->keys[0];
    const auto headroom = child->most_of_all();
    return put(at, key, headroom, std::move(child));
  }

  std::unique_ptr<node> insert(const rank_key& key, money headroom) {
    if (is_leaf)
      return put(behind(key), key, headroom, nullptr);
    const auto at = way_to(key);
    auto right = below[at]->insert(key, headroom);
    if (!right) {
      most[at] = std::max(most[at], headroom);
      return nullptr;
    }
    most[at] = below[at]->most_of_all();
    return adopt(at + 1, std::move(right));
  }

  /// @returns The headroom that stood there.
  money erase(const rank_key& key) {
    const auto at = way_to(key);
    if (is_leaf) {
      assert(size > 0 && keys[at] == key);
      const auto gone = most[at];
      close(at);
      return gone;
    }
    const auto gone = below[at]->erase(key);
    if (below[at]->size == 0)
      close(at);
    else if (gone == most[at])
      most[at] = below[at]->most_of_all();
    return gone;
  }

  /// The first behind `key`, or of all if that is null.
  const rank_key* find(const rank_key* key, money least) const {
    auto at = size_t{0};
    if (key != nullptr)
      at = is_leaf ? behind(*key) : way_to(*key);
    for (; at < size; ++at, key = nullptr) {
      if (most[at] < least)
        continue;
      if (is_leaf)
        return &keys[at];
      if (const auto found = below[at]->find(key, least))
        return found;
    }
    return nullptr;
  }

  bool is_leaf;
  size_t size = 0;
  std::array<rank_key, width> keys;
  std::array<money, width> most;
  std::array<std::unique_ptr<node>, width> below; ///< Not in leaves.
};

ordered_index::ordered_index() : root_{std::make_unique<node>(true)} {}

ordered_index::~ordered_index() = default;
ordered_index::ordered_index(ordered_index&&) noexcept = default;
ordered_index& ordered_index::operator=(ordered_index&&) noexcept = default;

void ordered_index::insert(const rank_key& key, money headroom) {
  auto right = root_->insert(key, headroom);
  if (!right)
    return;
  auto top = std::make_unique<node>(false);
  top->adopt(0, std::move(root_));
  top->adopt(1, std::move(right));
  root_ = std::move(top);
}

void ordered_index::erase(const rank_key& key) {
  root_->erase(key);
  while (!root_->is_leaf && root_->size == 1)
    root_ = std::move(root_->below[0]);
}

bool ordered_index::empty() const {
  return root_->size == 0;
}

const rank_key* ordered_index::first(money least) const {
  return root_->find(nullptr, least);
}

const rank_key* ordered_index::next(const rank_key& key, money least) const {
  return root_->find(&key, least);
}

} // namespace rota
