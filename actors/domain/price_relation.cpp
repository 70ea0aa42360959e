#include "actors/domain/price_relation.hpp"

#include <algorithm>

namespace rota {

price in_relation(price x, price from, price to) {
  if (from.picos == 0)
    return x;
  __extension__ using wide = __int128;
  const auto product = static_cast<wide>(x.picos) * to.picos;
  const auto result = (product + from.picos - 1) / from.picos;
  return price{static_cast<int64_t>(std::min<wide>(result, picos_max))};
}

token_prices in_relation(const token_prices& x, const token_prices& from,
                         const token_prices& to) {
  return {in_relation(x.input, from.input, to.input),
          in_relation(x.output, from.output, to.output),
          in_relation(x.cache_read, from.input, to.input),
          in_relation(x.cache_write_5m, from.input, to.input),
          in_relation(x.cache_write_1h, from.input, to.input),
          in_relation(x.media_input, from.input, to.input),
          in_relation(x.media_output, from.output, to.output),
          x.reasoning == x.output
            ? in_relation(x.output, from.output, to.output)
            : in_relation(x.reasoning, from.output, to.output)};
}

price_set in_relation(const price_set& x, const token_prices& from,
                      const token_prices& to) {
  price_set result{in_relation(x.base, from, to), x.bands};
  for (auto& [threshold, prices] : result.bands)
    prices = in_relation(prices, from, to);
  return result;
}

} // namespace rota
