#include "actors/domain/pricing.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace rota {

namespace {

__extension__ using wide = __int128;

/// What relays and routers put behind a model's name.
constexpr std::array<std::string_view, 6> decorations{
  "-thinking", "[1m]", "-high", "-low", "-medium", "-latest",
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Cuts "-20250929", "-2025-08-07" or "@..." off the end.
/// @returns Whether there was something to cut.
bool strip_date(std::string_view& name) {
  if (const auto at = name.find('@'); at != std::string_view::npos) {
    name = name.substr(0, at);
    return true;
  }
  const auto digits = [&](size_t from, size_t n) {
    return from + n <= name.size()
           && std::all_of(name.begin() + static_cast<ptrdiff_t>(from),
                          name.begin() + static_cast<ptrdiff_t>(from + n),
                          is_digit);
  };
  const auto size = name.size();
  if (size > 9 && name[size - 9] == '-' && digits(size - 8, 8)) {
    name.remove_suffix(9);
    return true;
  }
  if (size > 11 && name[size - 11] == '-' && digits(size - 10, 4)
      && name[size - 6] == '-' && digits(size - 5, 2) && name[size - 3] == '-'
      && digits(size - 2, 2)) {
    name.remove_suffix(11);
    return true;
  }
  return false;
}

bool strip_decoration(std::string_view& name) {
  for (const auto x : decorations)
    if (name.size() > x.size() && name.ends_with(x)) {
      name.remove_suffix(x.size());
      return true;
    }
  return false;
}

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
  return times(x.input_uncached - x.media_input, by.input)
         + times(x.media_input, by.media_input)
         + times(x.cache_read, by.cache_read)
         + times(x.cache_write_5m, by.cache_write_5m)
         + times(x.cache_write_1h, by.cache_write_1h)
         + times(x.output - x.media_output, by.output)
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
  const auto exact = [this](std::string_view name) {
    const auto i = models_.find(name);
    return i != models_.end() ? price_match{&i->second, i->first, false}
                              : price_match{};
  };
  auto name = model;
  if (const auto x = exact(name); x.prices)
    return x;
  if (const auto slash = name.rfind('/'); slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
    if (const auto x = exact(name); x.prices)
      return x;
  }
  while (strip_date(name) || strip_decoration(name))
    if (const auto x = exact(name); x.prices)
      return x;
  // The longest known name that this one begins with, at a word's end.
  for (auto size = name.size(); size > 0; --size) {
    if (size < name.size() && name[size] != '-' && name[size] != '.'
        && name[size] != ':')
      continue;
    if (const auto x = exact(name.substr(0, size)); x.prices)
      return x;
  }
  return {&dearest_, "", true};
}

money price_table::cost(std::string_view model, const usage& x,
                        factor multiplier, timestamp at) const {
  const auto& found = *find(model).prices;
  const auto& prices = prices_for(found, x, at);
  const auto by_token = prices.input.picos > 0 || prices.output.picos > 0
                        || prices.media_output.picos > 0;
  const auto tokens = by_token ? tokens_cost(x, prices)
                               : units_cost(x.units, found.units);
  const auto searches = times(x.web_searches, found.web_search);
  ratio scale;
  if (x.fast)
    scale.apply(found.fast);
  if (x.us_only)
    scale.apply(found.us_only);
  if (in_peak(found, at))
    scale.apply(found.peak);
  // (tokens x over / under + searches) x ppm / 10^6 picos, in nanos, rounded
  // once at the very end.
  wide a = 0, b = 0, c = 0, under = 0;
  if (__builtin_mul_overflow(tokens, scale.over, &a)
      || __builtin_mul_overflow(searches, scale.under, &b)
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
