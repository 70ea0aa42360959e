// Reads LiteLLM's price format. Numbers are USD per token; a double holds them
// well enough to find the whole number of picodollars that they mean.

#include "actors/domain/pricing.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>

namespace rota {

namespace {

using nlohmann::json;

class model_reader {
public:
  model_reader(const std::string& name, const json& row,
               std::vector<std::string>& faults)
    : name_{name}, row_{row}, faults_{faults} {
    // nop
  }

  std::optional<model_price> read() {
    if (!row_.is_object() || !row_.contains("input_cost_per_token"))
      return std::nullopt; // Priced by image, second or character.
    anthropic_ = row_.value("litellm_provider", "") == "anthropic";
    model_price x;
    x.base = variant(row_, "", token_prices{});
    read_bands(x);
    read_tiers(x);
    read_schedule(x);
    read_peak(x);
    if (const auto i = row_.find("provider_specific_entry"); i != row_.end()) {
      x.fast = ratio(*i, "fast");
      x.us_only = ratio(*i, "us");
    }
    if (anthropic_)
      x.web_search = price{10'000'000'000}; // 10 USD per 1,000 searches.
    if (const auto i = row_.find("search_context_cost_per_query");
        i != row_.end())
      x.web_search = number(*i, "search_context_size_medium")
                       .value_or(x.web_search);
    if (const auto i = row_.find("max_output_tokens");
        i != row_.end() && i->is_number())
      x.max_output_tokens = i->get<int64_t>();
    return x;
  }

private:
  void fault(const std::string& key, const std::string& what) {
    faults_.push_back(name_ + ": " + key + ": " + what);
  }

  std::optional<price> number(const json& from, const std::string& key) {
    const auto i = from.find(key);
    if (i == from.end() || i->is_null())
      return std::nullopt;
    if (!i->is_number()) {
      fault(key, "is not a number; write USD per token, such as 2.5e-06.");
      return std::nullopt;
    }
    const auto usd = i->get<double>();
    const auto picos = std::round(usd * 1e12);
    if (usd < 0 || usd > 1 || std::abs(usd * 1e12 - picos) > 1e-3) {
      fault(key, "is not a price in USD per token: at least 0, at most 1, and"
                 " at most twelve places.");
      return std::nullopt;
    }
    return price{static_cast<int64_t>(picos)};
  }

  /// All prices with a suffix; what is absent is taken from `other`, or, for
  /// the base row, follows from the input price.
  token_prices variant(const json& from, const std::string& suffix,
                       const token_prices& other) {
    const auto base = suffix.empty() && other == token_prices{};
    token_prices x = other;
    x.input = number(from, "input_cost_per_token" + suffix).value_or(x.input);
    x.output
      = number(from, "output_cost_per_token" + suffix).value_or(x.output);
    const auto read
      = number(from, "cache_read_input_token_cost" + suffix);
    x.cache_read = read.value_or(base ? x.input : x.cache_read);
    const auto write
      = number(from, "cache_creation_input_token_cost" + suffix);
    // Anthropic charges 1.25 x and 2 x the input price for cache writes; who
    // names none charges them as input.
    const auto usual = price{anthropic_ ? x.input.picos * 5 / 4
                                        : x.input.picos};
    x.cache_write_5m = write.value_or(base ? usual : x.cache_write_5m);
    const auto hour = number(
      from, "cache_creation_input_token_cost_above_1hr" + suffix);
    const auto usual_hour
      = anthropic_ ? price{x.input.picos * 2} : x.cache_write_5m;
    x.cache_write_1h = hour.value_or(base ? usual_hour : x.cache_write_1h);
    return x;
  }

  void read_bands(model_price& x) {
    for (const auto& [key, value] : row_.items()) {
      long thousands = 0;
      int end = 0;
      if (std::sscanf(key.c_str(), "input_cost_per_token_above_%ldk_tokens%n",
                      &thousands, &end)
            == 1
          && static_cast<size_t>(end) == key.size())
        x.bands.emplace_back(
          thousands * 1'000,
          variant(row_, "_above_" + std::to_string(thousands) + "k_tokens",
                  x.base));
    }
    std::sort(x.bands.begin(), x.bands.end());
  }

  void read_tiers(model_price& x) {
    const auto tier = [&](const char* suffix)
      -> std::optional<token_prices> {
      if (!row_.contains(std::string{"input_cost_per_token"} + suffix))
        return std::nullopt;
      return variant(row_, suffix, x.base);
    };
    x.flex = tier("_flex");
    x.priority = tier("_priority");
    x.batch = tier("_batches");
  }

  void read_schedule(model_price& x) {
    const auto i = row_.find("x_schedule");
    if (i == row_.end())
      return;
    for (const auto& row : *i) {
      int y = 0;
      unsigned m = 0, d = 0;
      const auto from = row.value("from", "");
      if (std::sscanf(from.c_str(), "%d-%u-%u", &y, &m, &d) != 3) {
        fault("x_schedule", "needs \"from\" as YYYY-MM-DD.");
        continue;
      }
      const std::chrono::sys_days day{std::chrono::year{y}
                                      / std::chrono::month{m}
                                      / std::chrono::day{d}};
      const timestamp at{
        std::chrono::milliseconds{day.time_since_epoch()}.count()};
      x.from.emplace_back(at, variant(row, "", x.base));
    }
    std::sort(x.from.begin(), x.from.end());
  }

  void read_peak(model_price& x) {
    const auto i = row_.find("x_peak");
    if (i == row_.end())
      return;
    x.peak = ratio(*i, "factor");
    const auto minutes = [](const std::string& text) {
      int h = 0, m = 0;
      return std::sscanf(text.c_str(), "%d:%d", &h, &m) == 2 ? h * 60 + m : -1;
    };
    for (const auto& window : i->value("utc_windows", json::array())) {
      const auto from = minutes(window.at(0).get<std::string>());
      const auto to = minutes(window.at(1).get<std::string>());
      if (from < 0 || to <= from)
        fault("x_peak", "has a window that is not [\"HH:MM\", \"HH:MM\"].");
      else
        x.peak_minutes.emplace_back(from, to);
    }
    x.peak_weekdays_only
      = i->value("weekdays", json::array()) == json{1, 2, 3, 4, 5};
  }

  factor ratio(const json& from, const std::string& key) {
    const auto i = from.find(key);
    if (i == from.end() || !i->is_number())
      return factor{};
    return factor{std::llround(i->get<double>() * 1e6)};
  }

  const std::string& name_;
  const json& row_;
  std::vector<std::string>& faults_;
  bool anthropic_ = false;
};

} // namespace

price_table_result parse_price_table(std::string_view text) {
  price_table_result result;
  try {
    const auto file = json::parse(text);
    if (!file.is_object()) {
      result.faults.push_back("is no JSON object of models.");
      return result;
    }
    std::map<std::string, model_price, std::less<>> models;
    for (const auto& [name, row] : file.items()) {
      if (name == "sample_spec") // LiteLLM's documentation of itself.
        continue;
      if (auto x = model_reader{name, row, result.faults}.read())
        models.emplace(name, std::move(*x));
    }
    if (models.empty())
      result.faults.push_back("names no model with input_cost_per_token.");
    result.table = price_table{std::move(models)};
  } catch (const json::exception& x) {
    result.faults.push_back(std::string{"is not a price table: "} + x.what());
  }
  return result;
}

} // namespace rota
