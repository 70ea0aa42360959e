#include "actors/domain/pricing.hpp"

#include <algorithm>
#include <array>

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
  if (x.peak_weekdays_only && weekday >= 5)
    return false;
  return std::any_of(x.peak_minutes.begin(), x.peak_minutes.end(),
                     [minute](const auto& window) {
                       return minute >= window.first && minute < window.second;
                     });
}

const token_prices& prices_for(const model_price& x, const usage& used,
                               timestamp at) {
  if (used.tier == service_tier::flex && x.flex)
    return *x.flex;
  if (used.tier == service_tier::priority && x.priority)
    return *x.priority;
  if (used.tier == service_tier::batch && x.batch)
    return *x.batch;
  const auto* result = &x.base;
  for (const auto& [from, prices] : x.from)
    if (at >= from)
      result = &prices;
  for (const auto& [threshold, prices] : x.bands)
    if (used.input_total() > threshold)
      result = &prices;
  return *result;
}

wide times(int64_t tokens, price x) {
  return static_cast<wide>(tokens) * x.picos;
}

wide scaled_up(wide x, factor f) {
  const auto product = x * f.ppm;
  return (product + 999'999) / 1'000'000;
}

money nanos_of(wide x) {
  ROTA_CHECK(x <= INT64_MAX && x >= INT64_MIN, "money overflows");
  return money{static_cast<int64_t>(x)};
}

int64_t worth(const token_prices& x) {
  return x.input.picos + x.output.picos;
}

} // namespace

price_table::price_table(std::map<std::string, model_price, std::less<>> models)
  : models_{std::move(models)} {
  for (const auto& [name, x] : models_)
    if (worth(x.base) > worth(dearest_.base))
      dearest_ = x;
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
  auto picos = times(x.input_uncached, prices.input)
               + times(x.cache_read, prices.cache_read)
               + times(x.cache_write_5m, prices.cache_write_5m)
               + times(x.cache_write_1h, prices.cache_write_1h)
               + times(x.output, prices.output);
  // All factors at once, and one rounding at the very end.
  auto scale = static_cast<wide>(multiplier.ppm);
  wide unit = 1'000'000;
  const auto apply = [&](factor f) {
    scale *= f.ppm;
    unit *= 1'000'000;
  };
  if (x.fast)
    apply(found.fast);
  if (x.us_only)
    apply(found.us_only);
  if (in_peak(found, at))
    apply(found.peak);
  picos += times(x.web_searches, found.web_search);
  const auto per_nano = unit * 1'000;
  return nanos_of((picos * scale + per_nano - 1) / per_nano);
}

money scale_up(money x, factor f) {
  return nanos_of(scaled_up(x.nanos, f));
}

money unscale_down(money x, factor f) {
  if (f.ppm == 0)
    return money{x.nanos > 0 ? INT64_MAX : 0};
  const auto result = static_cast<wide>(x.nanos) * 1'000'000 / f.ppm;
  return money{static_cast<int64_t>(std::min<wide>(result, INT64_MAX))};
}

} // namespace rota
