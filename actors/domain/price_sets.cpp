#include "actors/domain/price_sets.hpp"

#include "actors/domain/price_relation.hpp"

#include <algorithm>

namespace rota {

namespace {

class set_reader {
public:
  explicit set_reader(price_reader& in) : in_{in} {
    const auto maker = in.row().find("litellm_provider");
    anthropic_ = maker && maker->text == "anthropic";
  }

  price_set read_set(const exact_json& from, const std::string& suffix,
                     const price_set* like) {
    const auto* tiers = suffix.empty() ? from.find("tiered_pricing") : nullptr;
    price_set x{variant(from, suffix, like ? &like->base : nullptr), {}};
    if (tiers)
      return read_bands(*tiers, from.find(input_key) ? &x.base : nullptr);
    if (like)
      for (const auto& [threshold, prices] : like->bands)
        x.bands.emplace_back(threshold,
                             in_relation(prices, like->base, x.base));
    for (const auto threshold : thresholds(from, suffix)) {
      const auto i = std::find_if(x.bands.begin(), x.bands.end(),
                                  [threshold](const auto& band) {
                                    return band.first >= threshold;
                                  });
      const auto is_known = i != x.bands.end() && i->first == threshold;
      const auto model = is_known             ? i->second
                         : i == x.bands.begin() ? x.base
                                                : (i - 1)->second;
      const auto prices
        = variant(from,
                  "_above_" + std::to_string(threshold / 1'000) + "k_tokens"
                    + suffix,
                  &model);
      if (is_known)
        i->second = prices;
      else
        x.bands.emplace(i, threshold, prices);
    }
    return x;
  }

private:
  /// Bands that a list names, each by the tokens that it begins and ends with.
  /// @param like What the first one follows; may be null.
  price_set read_bands(const exact_json& list, const token_prices* like) {
    std::vector<std::pair<int64_t, const exact_json*>> rows;
    for (const auto& row : list.children) {
      const auto range = row.find("range");
      const auto least = range && range->children.size() == 2
                           ? parse_units(range->children[0].text, 0)
                           : std::nullopt;
      if (least)
        rows.emplace_back(*least, &row);
      else
        in_.fault(row, "tiered_pricing",
                  "needs \"range\" as [FROM, TO] in tokens in each row.");
    }
    std::sort(rows.begin(), rows.end());
    price_set x;
    if (rows.empty())
      return x;
    auto last = x.base = variant(*rows.front().second, "", like);
    for (auto i = rows.begin() + 1; i != rows.end(); ++i)
      x.bands.emplace_back(i->first, last = variant(*i->second, "", &last));
    return x;
  }

  /// All prices with a suffix. What is absent follows from `like`, or from the
  /// input price where there is nothing to follow.
  token_prices variant(const exact_json& from, const std::string& suffix,
                       const token_prices* like) {
    const auto named = [&](std::string key) {
      return in_.number(from, key + suffix);
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
    x.reasoning = named("output_cost_per_reasoning_token")
                    .value_or(like ? usual.reasoning : x.output);
    x.cache_read = std::min(
      named("cache_read_input_token_cost").value_or(usual.cache_read), x.input);
    x.cache_write_5m = named("cache_creation_input_token_cost")
                         .value_or(usual.cache_write_5m);
    if (!like)
      usual.cache_write_1h
        = anthropic_ ? price{x.input.picos * 2} : x.cache_write_5m;
    x.cache_write_1h = named("cache_creation_input_token_cost_above_1hr")
                         .value_or(usual.cache_write_1h);
    if (anthropic_
        && (x.cache_write_1h < x.cache_write_5m
            || x.cache_write_1h.picos > 3 * x.input.picos))
      x.cache_write_1h = price{x.input.picos * 2};
    return x;
  }

  /// The thresholds of the bands that have any price with this suffix; rising.
  static std::vector<int64_t> thresholds(const exact_json& from,
                                         std::string_view suffix) {
    constexpr std::string_view above = "_above_";
    const auto end = "k_tokens" + std::string{suffix};
    std::vector<int64_t> result;
    for (const auto& x : from.children) {
      std::string_view key = x.name;
      const auto at = key.rfind(above);
      if (at == std::string_view::npos || !key.ends_with(end))
        continue;
      key.remove_suffix(end.size());
      if (const auto thousands = at + above.size() < key.size()
                                   ? parse_digits(key.substr(at + above.size()))
                                   : std::nullopt)
        result.push_back(int64_t{*thousands} * 1'000);
    }
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
  }

  price_reader& in_;
  bool anthropic_ = false;
};

/// Whether the maker says that batches cost half of all that it sells.
bool halves_batches(const exact_json& row) {
  constexpr std::string_view makers[] = {"anthropic", "openai", "gemini",
                                         "vertex_ai-language-models"};
  const auto maker = row.find("litellm_provider");
  return maker
         && std::find(std::begin(makers), std::end(makers), maker->text)
              != std::end(makers);
}

price half(price x) {
  return {x.picos / 2 + x.picos % 2};
}

price_set half(price_set x) {
  const auto halve = [](token_prices& by) {
    by = {half(by.input),          half(by.output),
          half(by.cache_read),     half(by.cache_write_5m),
          half(by.cache_write_1h), half(by.media_input),
          half(by.media_output),   half(by.reasoning)};
  };
  halve(x.base);
  for (auto& [threshold, prices] : x.bands)
    halve(prices);
  return x;
}

} // namespace

dated_prices read_tiers(price_reader& in, const exact_json& from,
                        const dated_prices* first) {
  set_reader sets{in};
  dated_prices x;
  x.standard = sets.read_set(from, "", first ? &first->standard : nullptr);
  const auto tier = [&](const char* suffix, auto member) {
    if (from.find(std::string{input_key} + suffix)
        || from.find(std::string{"output_cost_per_token"} + suffix))
      x.*member = sets.read_set(from, suffix, &x.standard);
    else if (first && first->*member)
      x.*member = in_relation(*(first->*member), first->standard.base,
                              x.standard.base);
  };
  tier("_flex", &dated_prices::flex);
  tier("_priority", &dated_prices::priority);
  tier("_batches", &dated_prices::batch);
  if (!x.batch && halves_batches(in.row()))
    x.batch = half(x.standard);
  return x;
}

} // namespace rota
