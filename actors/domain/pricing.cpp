#include "actors/domain/pricing.hpp"

#include "messages/check.hpp"

#include <algorithm>
#include <numeric>

namespace rota {

namespace {

__extension__ using wide = __int128;

bool in_peak(const model_price& x, timestamp at) {
  if (x.peak_minutes.empty())
    return false;
  constexpr int64_t day_minutes = 24 * 60;
  const auto minutes = at.millis / 60'000;
  const auto minute = static_cast<int32_t>(minutes % day_minutes);
  // The epoch was a Thursday; Monday is 0 here.
  const auto weekday = (minutes / day_minutes + 3) % 7;
  if (!(x.peak_days >> weekday & 1))
    return false;
  return std::any_of(x.peak_minutes.begin(), x.peak_minutes.end(),
                     [minute](const auto& window) {
                       return minute >= window.first && minute < window.second;
                     });
}

const token_prices& prices_for(const model_price& x, const usage& used,
                               timestamp at) {
  const auto after = std::find_if(x.rows.begin() + 1, x.rows.end(),
                                  [at](const auto& row) {
                                    return at < row.from;
                                  });
  const auto& row = *(after - 1);
  const auto own = [&](const std::optional<price_set>& tier) -> const auto& {
    return (tier ? *tier : row.standard).at(used.input_total());
  };
  switch (used.tier) {
    case service_tier::flex:
      return own(row.flex);
    case service_tier::priority:
      return own(row.priority);
    case service_tier::batch:
      return own(row.batch);
    default:
      return row.standard.at(used.input_total());
  }
}

/// No call costs more than a million dollars.
constexpr wide cost_most = 1'000'000'000'000'000;

/// No account holds more than a billion.
constexpr wide money_most = 1'000'000'000'000'000'000;

/// A product of factors in lowest terms, so that it stays small and exact.
struct ratio {
  wide over = 1;
  wide under = 1;

  void apply(factor f) {
    const auto common = std::gcd(f.ppm, int64_t{1'000'000});
    over *= f.ppm / common;
    under *= 1'000'000 / common;
  }
};

wide up(wide over, wide under) {
  return over > 0 ? (over + under - 1) / under : over / under;
}

wide down(wide over, wide under) {
  return over < 0 ? (over - under + 1) / under : over / under;
}

money bounded(wide x) {
  return money{static_cast<int64_t>(std::clamp(x, -money_most, money_most))};
}

/// Tokens times price; a count below zero is none.
wide times(int64_t tokens, price x) {
  return static_cast<wide>(std::max(tokens, int64_t{0})) * x.picos;
}

wide tokens_cost(const usage& x, const token_prices& by) {
  const auto thoughts
    = std::max<int64_t>(std::min(x.reasoning, x.output - x.media_output), 0);
  return times(x.input_uncached - x.media_input, by.input)
         + times(x.media_input, by.media_input)
         + times(x.cache_read, by.cache_read)
         + times(x.cache_write_5m, by.cache_write_5m)
         + times(x.cache_write_1h, by.cache_write_1h)
         + times(x.output - x.media_output - thoughts, by.output)
         + times(thoughts, by.reasoning)
         + times(x.media_output, by.media_output);
}

/// Rounds what is left of a second up.
wide units_cost(const unit_usage& x, const unit_prices& by) {
  return times(x.images, by.image) + times(x.characters, by.character)
         + times(x.searches, by.search)
         + (times(x.audio_ms, by.second) + 999) / 1'000;
}

void raise(price& x, price y) {
  x = std::max(x, y);
}

} // namespace

const token_prices& price_set::at(int64_t input_total) const {
  const auto* result = &base;
  for (const auto& [threshold, prices] : bands)
    if (input_total > threshold)
      result = &prices;
  return *result;
}

price_table::price_table(std::map<std::string, model_price, std::less<>> models)
  : models_{std::move(models)} {
  // The dearest one stands for all that differ in their spelling alone.
  std::vector<const std::string*> names;
  for (const auto& [name, x] : models_)
    names.push_back(&name);
  const auto dearness = [this](const std::string* name) {
    const auto& x = models_.at(*name).rows.front().standard.base;
    return std::pair{x.output, x.input};
  };
  std::stable_sort(names.begin(), names.end(), [&](auto* x, auto* y) {
    return dearness(x) < dearness(y);
  });
  for (const auto* name : names)
    names_.add(*name);
  auto& top = dearest_.rows.front().standard.base;
  for (const auto& [name, x] : models_) {
    for (const auto& row : x.rows) {
      raise(top.input, row.standard.base.input);
      raise(top.output, row.standard.base.output);
      raise(top.cache_read, row.standard.base.cache_read);
      raise(top.cache_write_5m, row.standard.base.cache_write_5m);
      raise(top.cache_write_1h, row.standard.base.cache_write_1h);
      raise(top.media_input, row.standard.base.media_input);
      raise(top.media_output, row.standard.base.media_output);
      raise(top.reasoning, row.standard.base.reasoning);
    }
    raise(dearest_.web_search, x.web_search);
    dearest_.fast = std::max(dearest_.fast, x.fast);
    dearest_.us_only = std::max(dearest_.us_only, x.us_only);
  }
}

std::vector<std::string> price_table::names() const {
  std::vector<std::string> result;
  for (const auto& [name, x] : models_)
    result.push_back(name);
  return result;
}

price_match price_table::find(std::string_view model) const {
  if (const auto i = models_.find(model); i != models_.end())
    return {&i->second, i->first};
  if (const auto x = names_.find(model)) {
    const auto i = models_.find(x->name);
    return {&i->second, i->first, false, x->by_prefix};
  }
  return {&dearest_, "", true};
}

std::vector<std::string> price_table::priced_at_nothing() const {
  const auto costs = [](const token_prices& x) {
    return x.input.picos > 0 || x.output.picos > 0 || x.media_output.picos > 0;
  };
  const auto row_costs = [&](const dated_prices& x) {
    return costs(x.standard.base)
           || std::any_of(x.standard.bands.begin(), x.standard.bands.end(),
                          [&](const auto& band) { return costs(band.second); });
  };
  std::vector<std::string> result;
  for (const auto& [name, x] : models_)
    if (const auto& by = x.units;
        !x.is_free && x.request == price{} && by.image == price{}
        && by.character == price{} && by.second == price{}
        && by.search == price{}
        && std::none_of(x.rows.begin(), x.rows.end(), row_costs))
      result.push_back(name);
  return result;
}

bool price_table::knows(std::string_view name) const {
  const auto x = find(name);
  return !x.unknown && !x.by_prefix;
}

void price_table::alias(const std::string& alias, std::string_view name) {
  ROTA_CHECK(knows(name), "an alias of a model without a price");
  names_.add_alias(alias, std::string{find(name).name});
}

money price_table::cost(std::string_view model, const usage& x,
                        factor multiplier, timestamp at) const {
  const auto& found = *find(model).prices;
  const auto& prices = prices_for(found, x, at);
  const auto by_token = prices.input.picos > 0 || prices.output.picos > 0
                        || prices.media_output.picos > 0;
  const auto tokens = by_token ? tokens_cost(x, prices)
                               : units_cost(x.units, found.units);
  // Beside the tokens, and at no factor of theirs.
  const auto extras = times(x.web_searches, found.web_search)
                      + found.request.picos;
  ratio scale;
  if (x.fast)
    scale.apply(found.fast);
  if (x.us_only)
    scale.apply(found.us_only);
  if (in_peak(found, at))
    scale.apply(found.peak);
  // (tokens x over / under + extras) x ppm / 10^6 picos, in nanos, rounded
  // once at the very end.
  wide a = 0, b = 0, c = 0, under = 0;
  if (__builtin_mul_overflow(tokens, scale.over, &a)
      || __builtin_mul_overflow(extras, scale.under, &b)
      || __builtin_add_overflow(a, b, &c)
      || __builtin_mul_overflow(c, wide{multiplier.ppm}, &c)
      || __builtin_mul_overflow(scale.under, wide{1'000'000'000}, &under))
    return bounded(cost_most);
  return bounded(std::min(up(c, under), cost_most));
}

money scale_up(money x, factor f) {
  return bounded(up(static_cast<wide>(x.nanos) * f.ppm, 1'000'000));
}

money unscale_down(money x, factor f) {
  if (f.ppm == 0)
    return bounded(x.nanos > 0 ? money_most : 0);
  return bounded(down(static_cast<wide>(x.nanos) * 1'000'000, f.ppm));
}

} // namespace rota
