// Reads LiteLLM's price format: an object of models, money in USD per token.

#include "actors/domain/price_calendar.hpp"
#include "actors/domain/price_sets.hpp"

#include <algorithm>

namespace rota {

namespace {

using kind = exact_json::kind;

/// What input and output both are said to cost by: the higher of the two.
std::optional<price> price_of_any(price_reader& in, const std::string& unit) {
  const auto x = in.number(in.row(), "input_cost_per_" + unit);
  const auto y = in.number(in.row(), "output_cost_per_" + unit);
  return x && y ? std::max(x, y) : x ? x : y;
}

/// @returns Nothing where the row has none.
std::optional<unit_prices> read_units(price_reader& in) {
  const auto image = price_of_any(in, "image");
  const auto character = price_of_any(in, "character");
  const auto second = price_of_any(in, "second");
  const auto query = price_of_any(in, "query");
  if (!image && !character && !second && !query)
    return std::nullopt;
  return unit_prices{image.value_or(price{}), character.value_or(price{}),
                     second.value_or(price{}), query.value_or(price{})};
}

void read_schedule(price_reader& in, model_price& x) {
  const auto schedule = in.row().find("x_schedule");
  if (!schedule)
    return;
  const auto first = x.rows.front();
  for (const auto& row : schedule->children) {
    const auto day = row.find("from");
    const auto from = day ? parse_day(day->text) : std::nullopt;
    if (!from) {
      in.fault(row, "x_schedule", "needs \"from\" as YYYY-MM-DD in each row.");
      continue;
    }
    x.rows.push_back(read_tiers(in, row, &first));
    x.rows.back().from = *from;
  }
  std::sort(x.rows.begin(), x.rows.end(), [](const auto& a, const auto& b) {
    return a.from < b.from;
  });
}

std::optional<model_price> read_model(price_reader& in) {
  const auto& row = in.row();
  if (row.what != kind::object) {
    in.fault(row, "", "is no object of prices.");
    return std::nullopt;
  }
  const auto units = read_units(in);
  const auto request = price_of_any(in, "request");
  if (!row.find(input_key) && !row.find("tiered_pricing") && !units && !request)
    return std::nullopt;
  model_price x;
  x.units = units.value_or(unit_prices{});
  x.request = request.value_or(price{});
  if (const auto mode = row.find("mode"))
    x.is_free = mode->text == "moderation";
  x.rows = {read_tiers(in, row, nullptr)};
  read_schedule(in, x);
  read_peak(in, x);
  if (const auto more = row.find("provider_specific_entry")) {
    x.fast = in.ratio(*more, "fast");
    x.us_only = in.ratio(*more, "us");
  }
  if (const auto maker = row.find("litellm_provider");
      maker && maker->text == "anthropic")
    x.web_search = price{10'000'000'000}; // 10 USD per 1,000 searches.
  if (const auto search = row.find("search_context_cost_per_query"))
    x.web_search = in.number(*search, "search_context_size_medium")
                     .value_or(x.web_search);
  if (const auto limit = row.find("max_output_tokens");
      limit && limit->what == kind::number)
    x.max_output_tokens = parse_units(limit->text, 0).value_or(0);
  return x;
}

/// Adds what else the model is called.
void read_aliases(price_reader& in,
                  std::vector<std::pair<std::string, std::string>>& to) {
  const auto list = in.row().find("x_aliases");
  if (!list)
    return;
  if (list->what != kind::array)
    in.fault(*list, "x_aliases", "is no list of names.");
  for (const auto& x : list->children)
    if (x.what == kind::string && !x.text.empty())
      to.emplace_back(x.text, in.row().name);
    else
      in.fault(x, "x_aliases", "has something that is no name.");
}

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
  std::vector<std::pair<std::string, std::string>> aliases;
  for (const auto& row : file.root->children) {
    if (row.name == "sample_spec") // LiteLLM's documentation of itself.
      continue;
    price_reader in{row, result.faults};
    auto x = read_model(in);
    if (x)
      read_aliases(in, aliases);
    if (x && !models.emplace(row.name, std::move(*x)).second)
      result.faults.push_back(std::to_string(row.line) + ": " + row.name
                              + ": stands in the table twice.");
  }
  if (models.empty())
    result.faults.push_back("1: syntax: names no model with"
                            " input_cost_per_token.");
  result.table = price_table{std::move(models)};
  for (const auto& [alias, name] : aliases)
    result.table.alias(alias, name);
  return result;
}

} // namespace rota
