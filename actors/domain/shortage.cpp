#include "actors/domain/shortage.hpp"

#include <algorithm>

namespace rota {

namespace {

/// It may have been a matter of what else was under way there.
constexpr milliseconds patience{600'000};

} // namespace

void shortage::refused(money held, std::optional<money> needed,
                       timestamp now) {
  // Where the provider needs more than we hold, the same request would be sent
  // again and again if its word alone counted.
  const auto least = std::min(held, needed.value_or(held));
  bar_ = std::min(least, bar(now).value_or(least));
  until_ = now + patience;
}

} // namespace rota
