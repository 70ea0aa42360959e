#include "runtime/api/price_watch.hpp"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace rota {

void price_watch::look(const price_table_ptr& prices, const job& work) {
  if (is_free(work.route))
    return;
  if (prices_ != prices) {
    prices_ = prices;
    told_.clear();
  }
  const auto found = prices->find(work.model);
  if ((!found.unknown && !found.by_prefix) || told_.contains(work.model)
      || told_.size() > models_max)
    return;
  constexpr auto advice = "add it to the price table or to"
                          " routing.price_aliases";
  told_.insert(work.model);
  if (told_.size() > models_max)
    spdlog::warn("More than {} models are asked for without a price of their"
                 " own; no further ones are named.",
                 models_max);
  else if (found.unknown)
    spdlog::warn("The price of {} is not known, so the highest of all is"
                 " taken: {}.",
                 work.model, advice);
  else
    spdlog::warn("The price of {} is taken from {}, for no more of the name is"
                 " known: {}.",
                 work.model, found.name, advice);
}

void warn_of_prices(const price_table& x) {
  constexpr size_t most = 20;
  auto names = x.priced_at_nothing();
  if (names.empty())
    return;
  const auto count = names.size();
  names.resize(std::min(count, most));
  spdlog::warn("The price table says that these cost nothing: {}{}; if they do"
               " cost something, correct it.",
               fmt::join(names, ", "),
               count > most ? fmt::format(" and {} more", count - most)
                            : std::string{});
}

} // namespace rota
