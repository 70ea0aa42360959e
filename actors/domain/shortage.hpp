#pragma once

#include "messages/money.hpp"
#include "messages/time.hpp"

#include <optional>

namespace rota {

/// What an account refused for want of money although it has some: it serves
/// smaller requests only, until it has more or ten minutes have passed. Relays
/// hold back more than a request comes to, so the books alone do not know.
/// Pure.
class shortage {
public:
  /// @param held What was held here for the request that was refused.
  /// @param needed What the provider said that it needed.
  void refused(money held, std::optional<money> needed, timestamp now);

  /// There is more money now.
  void clear() {
    until_ = {};
  }

  /// @returns The least hold that is not to be made; nothing: any may be.
  std::optional<money> bar(timestamp now) const {
    return until_ > now ? std::optional{bar_} : std::nullopt;
  }

  /// When it ends by time alone; "never" if there is none.
  timestamp until(timestamp now) const {
    return until_ > now ? until_ : timestamp{};
  }

private:
  money bar_;
  timestamp until_;
};

} // namespace rota
