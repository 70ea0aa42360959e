// Reads LiteLLM's price format: an object of models, money in USD per token.

#include "actors/domain/exact_json.hpp"
#include "actors/domain/price_relation.hpp"
#include "actors/domain/pricing.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace rota {

namespace {

using kind = exact_json::kind;

constexpr std::string_view input_key = "input_cost_per_token";

/// Reads as many digits as there are.
/// @returns Nothing if there is none, or something else.
std::optional<int> digits(std::string_view text) {
  int result = 0;
  const auto last = text.data() + text.size();
  const auto [end, err] = std::from_chars(text.data(), last, result);
  if (err != std::errc{} || end != last || result < 0)
    return std::nullopt;
  return result;
}

/// "2027-01-01", midnight in UTC.
std::optional<timestamp> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-')
    return std::nullopt;
  const auto y = digits(text.substr(0, 4));
  const auto m = digits(text.substr(5, 2));
  const auto d = digits(text.substr(8, 2));
  if (!y || !m || !d)
    return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)},
                            day{static_cast<unsigned>(*d)}};
  if (!date.ok())
    return std::nullopt;
  return timestamp{milliseconds{sys_days{date}.time_since_epoch()}.count()};
}

/// "06:30" in minutes; "24:00" ends a day.
std::optional<int32_t> parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':')
    return std::nullopt;
  const auto h = digits(text.substr(0, 2));
  const auto m = digits(text.substr(3, 2));
  if (!h || !m || *m > 59 || *h * 60 + *m > 24 * 60)
    return std::nullopt;
  return *h * 60 + *m;
}

/// Reads one model's row.
class model_reader {
public:
  model_reader(const exact_json& row, std::vector<std::string>& faults)
    : row_{row}, faults_{faults} {
    // nop
  }

  std::optional<model_price> read() {
    if (row_.what != kind::object) {
      fault(row_, "", "is no object of prices.");
      return std::nullopt;
    }
    const auto units = read_units();
    if (!row_.find(input_key) && !units)
      return std::nullopt;
    const auto maker = row_.find("litellm_provider");
    anthropic_ = maker && maker->text == "anthropic";
    model_price x;
    x.units = units.value_or(unit_prices{});
    x.rows.clear();
    x.rows.push_back({{}, read_set(row_, "", nullptr), {}, {}, {}});
    read_tiers(row_, x.rows.front(), nullptr);
    read_schedule(x);
    read_peak(x);
    if (const auto more = row_.find("provider_specific_entry")) {
      x.fast = ratio(*more, "fast");
      x.us_only = ratio(*more, "us");
    }
    if (anthropic_)
      x.web_search = price{10'000'000'000}; // 10 USD per 1,000 searches.
    if (const auto search = row_.find("search_context_cost_per_query"))
      x.web_search = number(*search, "search_context_size_medium")
                       .value_or(x.web_search);
    if (const auto limit = row_.find("max_output_tokens");
        limit && limit->what == kind::number)
      x.max_output_tokens = parse_units(limit->text, 0).value_or(0);
    return x;
  }

private:
  /// @param at What is to blame; the model's row knows no better line.
  void fault(const exact_json& at, std::string_view key, const char* what) {
    auto text = std::to_string(at.line) + ": " + row_.name + ": ";
    if (!key.empty())
      text.append(key).append(": ");
    faults_.push_back(text + what);
  }

  std::optional<price> number(const exact_json& from, const std::string& key) {
    const auto x = from.find(key);
    if (!x || x->what == kind::null)
      return std::nullopt;
    const auto picos = x->what == kind::number ? parse_units(x->text, 12)
                                               : std::nullopt;
    if (!picos || *picos > picos_max) {
      fault(*x, key, "is no price in USD per token; write a number from 0 to 1,"
                 " such as 2.5e-06.");
      return std::nullopt;
    }
    return price{*picos};
  }

  /// @returns Nothing where the row has none.
  std::optional<unit_prices> read_units() {
    bool any = false;
    const auto of = [&](const std::string& unit) {
      price result;
      for (const auto* side : {"input_cost_per_", "output_cost_per_"})
        if (const auto x = number(row_, side + unit)) {
          result = std::max(result, *x);
          any = true;
        }
      return result;
    };
    const unit_prices x{of("image"), of("character"), of("second"),
                        of("query")};
    return any ? std::optional{x} : std::nullopt;
  }

  factor ratio(const exact_json& from, const std::string& key) {
    const auto x = from.find(key);
    if (!x)
      return factor{};
    const auto ppm
      = x->what == kind::number ? parse_units(x->text, 6) : std::nullopt;
    if (!ppm || *ppm > int64_t{1'000} * 1'000'000) {
      fault(*x, key, "is no factor; write a number from 0 to 1000.");
      return factor{};
    }
    return factor{*ppm};
  }

  /// All prices with a suffix. What is absent follows from `like`, or from the
  /// input price where there is nothing to follow.
  token_prices variant(const exact_json& from, const std::string& suffix,
                       const token_prices* like) {
    const auto named = [&](std::string key) {
      return number(from, key + suffix);
    };
    token_prices x;
    x.input = named(std::string{input_key})
                .value_or(like ? like->input : price{});
    x.output = named("output_cost_per_token")
                 .value_or(like ? like->output : price{});
    token_prices usual;
    if (like) {
      usual = in_relation(*like, *like, x);
    } else {
      usual.cache_read = x.input;
      usual.cache_write_5m
        = anthropic_ ? price{(x.input.picos * 5 + 3) / 4} : x.input;
    }
    const auto media = [&](const std::string& side, price text, price usually) {
      const auto x = named(side + "_cost_per_audio_token");
      return x ? *x
               : named(side + "_cost_per_image_token")
                   .value_or(like ? usually : text);
    };
    x.media_input = media("input", x.input, usual.media_input);
    x.media_output = media("output", x.output, usual.media_output);
    x.cache_read = std::min(
      named("cache_read_input_token_cost").value_or(usual.cache_read), x.input);
    x.cache_write_5m = named("cache_creation_input_token_cost")
                         .value_or(usual.cache_write_5m);
    if (!like)
      usual.cache_write_1h
        = anthropic_ ? price{x.input.picos * 2} : x.cache_write_5m;
    x.cache_write_1h = named("cache_creation_input_token_cost_above_1hr")
                         .value_or(usual.cache_write_1h);
    return x;
  }

  /// The thresholds of the bands that have an input price with this suffix.
  static std::vector<int64_t> thresholds(const exact_json& from,
                                         std::string_view suffix) {
    constexpr std::string_view above = "_above_";
    constexpr std::string_view unit = "k_tokens";
    std::vector<int64_t> result;
    for (const auto& x : from.children) {
      std::string_view key = x.name;
      if (!key.starts_with(input_key))
        continue;
      key.remove_prefix(input_key.size());
      if (!key.starts_with(above) || !key.ends_with(suffix))
        continue;
      key.remove_prefix(above.size());
      key.remove_suffix(suffix.size());
      if (!key.ends_with(unit))
        continue;
      key.remove_suffix(unit.size());
      if (const auto thousands = digits(key))
        result.push_back(int64_t{*thousands} * 1'000);
    }
    return result;
  }

  price_set read_set(const exact_json& from, const std::string& suffix,
                     const price_set* like) {
    price_set x{variant(from, suffix, like ? &like->base : nullptr), {}};
    if (like)
      for (const auto& [threshold, prices] : like->bands)
        x.bands.emplace_back(threshold,
                             in_relation(prices, like->base, x.base));
    for (const auto threshold : thresholds(from, suffix)) {
      const auto i = std::find_if(x.bands.begin(), x.bands.end(),
                                  [threshold](const auto& band) {
                                    return band.first == threshold;
                                  });
      const auto model = i != x.bands.end() ? i->second : x.base;
      const auto prices
        = variant(from,
                  "_above_" + std::to_string(threshold / 1'000) + "k_tokens"
                    + suffix,
                  &model);
      if (i != x.bands.end())
        i->second = prices;
      else
        x.bands.emplace_back(threshold, prices);
    }
    std::sort(x.bands.begin(), x.bands.end());
    return x;
  }

  /// The tiers of a row; a later row's follow the first row's where it names
  /// none.
  void read_tiers(const exact_json& from, dated_prices& x,
                  const dated_prices* first) {
    const auto tier = [&](const char* suffix, auto member) {
      if (from.find(std::string{input_key} + suffix))
        x.*member = read_set(from, suffix, &x.standard);
      else if (first && first->*member)
        x.*member = in_relation(*(first->*member), first->standard.base,
                                x.standard.base);
    };
    tier("_flex", &dated_prices::flex);
    tier("_priority", &dated_prices::priority);
    tier("_batches", &dated_prices::batch);
  }

  void read_schedule(model_price& x) {
    const auto schedule = row_.find("x_schedule");
    if (!schedule)
      return;
    const auto first = x.rows.front();
    for (const auto& row : schedule->children) {
      const auto day = row.find("from");
      const auto from = day ? parse_day(day->text) : std::nullopt;
      if (!from) {
        fault(row, "x_schedule", "needs \"from\" as YYYY-MM-DD in each row.");
        continue;
      }
      dated_prices later{*from, read_set(row, "", &first.standard), {}, {}, {}};
      read_tiers(row, later, &first);
      x.rows.push_back(std::move(later));
    }
    std::sort(x.rows.begin(), x.rows.end(), [](const auto& a, const auto& b) {
      return a.from < b.from;
    });
  }

  void read_peak(model_price& x) {
    const auto peak = row_.find("x_peak");
    if (!peak)
      return;
    x.peak = ratio(*peak, "factor");
    if (const auto windows = peak->find("utc_windows"))
      for (const auto& window : windows->children) {
        const auto& ends = window.children;
        const auto from
          = ends.size() == 2 ? parse_minute(ends[0].text) : std::nullopt;
        const auto to
          = ends.size() == 2 ? parse_minute(ends[1].text) : std::nullopt;
        if (!from || !to || *to <= *from)
          fault(window, "x_peak",
                "has a window that is not [\"HH:MM\", \"HH:MM\"] in rising"
                " order.");
        else
          x.peak_minutes.emplace_back(*from, *to);
      }
    if (const auto days = peak->find("weekdays")) {
      x.peak_days = 0;
      for (const auto& day : days->children) {
        const auto n = digits(day.text);
        if (n && *n >= 1 && *n <= 7)
          x.peak_days = static_cast<uint8_t>(x.peak_days | 1 << (*n - 1));
        else
          fault(day, "x_peak", "has a weekday that is not 1 (Monday) to 7.");
      }
    }
  }

  const exact_json& row_;
  std::vector<std::string>& faults_;
  bool anthropic_ = false;
};

} // namespace

price_table_result parse_price_table(std::string_view text) {
  price_table_result result;
  const auto file = parse_exact_json(text);
  if (!file.root || file.root->what != kind::object) {
    result.faults.push_back(
      file.root ? "1: syntax: is no JSON object of models."
                : std::to_string(file.line)
                    + ": syntax: is no price table in JSON: " + file.fault
                    + ".");
    return result;
  }
  std::map<std::string, model_price, std::less<>> models;
  for (const auto& row : file.root->children) {
    if (row.name == "sample_spec") // LiteLLM's documentation of itself.
      continue;
    auto x = model_reader{row, result.faults}.read();
    if (x && !models.emplace(row.name, std::move(*x)).second)
      result.faults.push_back(std::to_string(row.line) + ": " + row.name
                              + ": stands in the table twice.");
  }
  if (models.empty())
    result.faults.push_back("1: syntax: names no model with"
                            " input_cost_per_token.");
  result.table = price_table{std::move(models)};
  return result;
}

} // namespace rota
