#pragma once

#include "actors/domain/price_names.hpp"
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
  /// Of sound or pictures.
  price media_input;
  price media_output;
  /// Of thoughts, a part of the output.
  price reasoning;

  friend auto operator<=>(const token_prices&, const token_prices&) = default;
};

/// Prices by length of prompt.
struct price_set {
  token_prices base;
  /// Used for the whole request once all input tokens exceed the threshold;
  /// rising thresholds.
  std::vector<std::pair<int64_t, token_prices>> bands;

  const token_prices& at(int64_t input_total) const;
};

/// Prices that hold from a date on. A service tier without prices of its own
/// costs what the standard one does.
struct dated_prices {
  timestamp from;
  price_set standard;
  std::optional<price_set> flex;
  std::optional<price_set> priority;
  std::optional<price_set> batch;
};

/// What a model costs that is not priced by token.
struct unit_prices {
  price image;
  price character;
  price second;
  price search;
};

/// All that is known about what a model costs.
struct model_price {
  /// Rising dates, the first of which is "never": there always is one.
  std::vector<dated_prices> rows{dated_prices{}};
  /// In hours of peak, times this. Bounds in minutes of the UTC day.
  factor peak;
  std::vector<std::pair<int32_t, int32_t>> peak_minutes;
  /// Bit 0 is Monday.
  uint8_t peak_days = 0x7f;
  factor fast;
  factor us_only;
  /// Per web search.
  price web_search;
  /// Of each call, beside all else.
  price request;
  /// Counts where no token has a price.
  unit_prices units;
  int64_t max_output_tokens = 0; ///< 0: not known.
  /// It is known to be free, as moderation is; else a price of nothing is
  /// perhaps a slip.
  bool is_free = false;
};

/// What a model id was found to cost.
struct price_match {
  const model_price* prices = nullptr;
  /// The table's name of the model.
  std::string_view name;
  /// Nothing matched; the pessimistic default price was taken.
  bool unknown = false;
  /// Only the name's beginning is known: perhaps the price of another model.
  bool by_prefix = false;
};

/// The price table; immutable once made. The only place that divides money.
class price_table {
public:
  price_table() = default;
  explicit price_table(std::map<std::string, model_price, std::less<>> models);

  /// Looks a model up as price_names does; what nobody knows costs the highest
  /// of all base prices, flagged unknown.
  price_match find(std::string_view model) const;

  /// Whether a model has a price, and not only by its beginning.
  bool knows(std::string_view name) const;

  /// From now on `alias` costs what `name` does, which has a price; but if the
  /// table has an entry of that name, it is left alone.
  void alias(const std::string& alias, std::string_view name);

  /// What a call cost: (sum of tokens x price x the factors of speed, place and
  /// hour + searches + request) x multiplier, rounded up to a whole nanodollar
  /// once. Of a model whose tokens have no price, its units count instead.
  /// At most a million dollars: usage beyond that is nonsense.
  money cost(std::string_view model, const usage& x, factor multiplier,
             timestamp at) const;

  bool empty() const {
    return models_.empty();
  }

  /// The models that have a price, sorted.
  std::vector<std::string> names() const;

  /// The models that cost nothing at all and are not known to be free.
  std::vector<std::string> priced_at_nothing() const;

private:
  std::map<std::string, model_price, std::less<>> models_;
  price_names names_;
  model_price dearest_;
};

using price_table_ptr = std::shared_ptr<const price_table>;

/// @returns x times f, rounded up; at most a billion dollars either way.
money scale_up(money x, factor f);

/// @returns x divided by f, rounded down (the most that, scaled up by f,
/// still fits into x); at most a billion dollars either way, which is also
/// what a factor of zero gives.
money unscale_down(money x, factor f);

/// Reads a table in LiteLLM's JSON format with the extensions x_schedule
/// (prices from a date on), x_peak (hours with a factor) and x_aliases (other
/// names of the model). Prices are read exactly from their digits. Every fault
/// is reported with model and key.
///
/// What the file leaves out: cached input costs as input; writing a cache costs
/// 1.25 x and 2 x the input at Anthropic, as input elsewhere; in long bands,
/// other tiers and later rows these keep their relation to the input price.
/// Cached input never costs more than input; an hour's write at Anthropic that
/// costs less than one for five minutes or more than 3 x the input is a slip.
/// Batches cost half at the makers that say so. Sound, or else pictures, cost
/// as text where they have no price, and thoughts as output. Of
/// input_cost_per_X and output_cost_per_X (an image, a character, a second, a
/// query, a request) the higher counts, for both say the same. Models that have
/// none of these are left out.
struct price_table_result {
  price_table table;
  /// "12: gpt-5-mini: output_cost_per_token: what is wrong" each, by line.
  std::vector<std::string> faults;
};

price_table_result parse_price_table(std::string_view json);

} // namespace rota
