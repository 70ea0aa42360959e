#pragma once

#include "actors/domain/pricing.hpp"

namespace rota {

/// A price of more than a dollar per token is a mistake of the unit.
inline constexpr int64_t picos_max = 1'000'000'000'000;

/// x times `to` over `from`, rounded up: what a price becomes that keeps its
/// relation to another.
price in_relation(price x, price from, price to);

/// The same for all prices of a set: those of input keep their relation to
/// input, those of output theirs to output.
token_prices in_relation(const token_prices& x, const token_prices& from,
                         const token_prices& to);
price_set in_relation(const price_set& x, const token_prices& from,
                      const token_prices& to);

} // namespace rota
