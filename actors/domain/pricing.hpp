#pragma once

#include "messages/money.hpp"
#include "messages/time.hpp"
#include "messages/usage.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// Prices of one model, per token. The only unit is picodollars a token.
struct token_prices {
  price input;
  price output;
  price cache_read;
  price cache_write_5m;
  price cache_write_1h;

  friend auto operator<=>(const token_prices&, const token_prices&) = default;
};

/// A dated or banded variation of a model's prices.
struct model_price {
  token_prices base;
  /// Used for the whole request once all input tokens exceed the threshold;
  /// rising thresholds.
  std::vector<std::pair<int64_t, token_prices>> bands;
  /// From a date on, these instead.
  std::vector<std::pair<timestamp, token_prices>> from;
  /// In hours of peak, times this. Bounds in minutes of the UTC day.
  factor peak;
  std::vector<std::pair<int32_t, int32_t>> peak_minutes;
  bool peak_weekdays_only = false;
  std::optional<token_prices> flex;
  std::optional<token_prices> priority;
  std::optional<token_prices> batch;
  factor fast;
  factor us_only;
  /// Per web search, in picodollars.
  price web_search;
  int64_t max_output_tokens = 0; ///< 0: not known.
};

/// What a model id was found to cost.
struct price_match {
  const model_price* prices = nullptr;
  /// The table's name of the model.
  std::string_view name;
  /// Nothing matched; the pessimistic default price was taken.
  bool unknown = false;
};

/// The price table; immutable once made. The only place that divides money.
class price_table {
public:
  price_table() = default;
  explicit price_table(std::map<std::string, model_price, std::less<>> models);

  /// Looks a model up: exact, then without provider prefix, date suffix and
  /// relay decorations, then by longest known prefix, else the dearest price
  /// of the table, flagged unknown.
  price_match find(std::string_view model) const;

  /// What a call cost: sum of tokens x price, times the multiplier, rounded
  /// up to a whole nanodollar once.
  money cost(std::string_view model, const usage& x, factor multiplier,
             timestamp at) const;

  bool empty() const {
    return models_.empty();
  }

private:
  std::map<std::string, model_price, std::less<>> models_;
  model_price dearest_;
};

using price_table_ptr = std::shared_ptr<const price_table>;

/// @returns x times f, rounded up.
money scale_up(money x, factor f);

/// @returns x divided by f, rounded down (the most that, scaled up by f,
/// still fits into x). A factor of zero makes everything fit.
money unscale_down(money x, factor f);

/// Reads a table in LiteLLM's JSON format with the extensions x_schedule and
/// x_peak. Every fault is reported with the model and the key.
struct price_table_result {
  price_table table;
  std::vector<std::string> faults;
};

price_table_result parse_price_table(std::string_view json);

} // namespace rota
