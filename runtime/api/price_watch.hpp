#pragma once

#include "actors/domain/pricing.hpp"
#include "messages/job.hpp"

#include <set>
#include <string>

namespace rota {

/// Says in the log which models are asked for without a price of their own:
/// each once for each price table that is loaded.
class price_watch {
public:
  /// Models are named by clients: no more than these are remembered.
  static constexpr size_t models_max = 200;

  void look(const price_table_ptr& prices, const job& work);

private:
  price_table_ptr prices_;
  std::set<std::string, std::less<>> told_;
};

/// Says which models cost nothing at all, perhaps by a slip of the table.
void warn_of_prices(const price_table& x);

} // namespace rota
