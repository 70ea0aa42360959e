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

private:
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
      if (const auto thousands = parse_digits(key))
        result.push_back(int64_t{*thousands} * 1'000);
    }
    return result;
  }

  price_reader& in_;
  bool anthropic_ = false;
};

} // namespace

dated_prices read_tiers(price_reader& in, const exact_json& from,
                        const dated_prices* first) {
  set_reader sets{in};
  dated_prices x;
  x.standard = sets.read_set(from, "", first ? &first->standard : nullptr);
  const auto tier = [&](const char* suffix, auto member) {
    if (from.find(std::string{input_key} + suffix))
      x.*member = sets.read_set(from, suffix, &x.standard);
    else if (first && first->*member)
      x.*member = in_relation(*(first->*member), first->standard.base,
                              x.standard.base);
  };
  tier("_flex", &dated_prices::flex);
  tier("_priority", &dated_prices::priority);
  tier("_batches", &dated_prices::batch);
  return x;
}

} // namespace rota
