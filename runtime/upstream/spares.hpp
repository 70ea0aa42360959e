#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace rota {

/// Objects that are kept for later use. The last one kept is the first taken:
/// its memory is the warmest.
template <class T>
class spares {
public:
  /// @returns One that was kept, or one made from `xs`.
  template <class... Ts>
  std::unique_ptr<T> take(const Ts&... xs) {
    if (kept_.empty())
      return std::make_unique<T>(xs...);
    auto result = std::move(kept_.back());
    kept_.pop_back();
    return result;
  }

  void keep(std::unique_ptr<T> x) {
    if (kept_.size() < most)
      kept_.push_back(std::move(x));
  }

private:
  static constexpr size_t most = 1'024;

  std::vector<std::unique_ptr<T>> kept_;
};

} // namespace rota
