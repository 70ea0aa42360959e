#include "actors/domain/call_cost.hpp"

#include <algorithm>

namespace rota {

namespace {

/// No model in daily use says more tokens a second for long, thoughts included;
/// and a provider notices within so many seconds that nobody listens any more.
/// Both are our choice: what is dearer shows in the next reading.
constexpr int64_t tokens_per_s = 200;
constexpr int64_t unnoticed_s = 10;

/// What a call uses by estimate.
usage estimated(const job& work) {
  usage x;
  x.input_uncached = work.estimate.input;
  x.output = work.estimate.output;
  x.units = work.units;
  x.source = usage_source::estimated;
  switch (work.route) {
    case surface::openai_images:
    case surface::openai_image_edits:
    case surface::openai_speech:
      x.media_output = x.output;
      break;
    case surface::openai_transcriptions:
      x.media_input = x.input_uncached;
      break;
    default:
      break;
  }
  return x;
}

/// Whether the table would say nothing of use: its dearest price is one of a
/// token.
bool is_unpriced(const tariff& by, const job& work) {
  return (has_units(work.route) || work.route == surface::openai_moderations)
         && by.prices.find(work.model).unknown;
}

money cost_of(const tariff& by, const job& work, const usage& x,
              factor multiplier, timestamp at) {
  if (x.source != usage_source::estimated || !is_unpriced(by, work))
    return by.prices.cost(work.model, x, multiplier, at);
  const auto calls = std::max({work.units.images, work.units.searches,
                               int64_t{1}});
  const factor times{calls * 1'000'000};
  return scale_up(scale_up(by.unpriced_call, times), multiplier);
}

} // namespace

money expected_cost(const tariff& by, const job& work, factor multiplier,
                    timestamp at) {
  return is_free(work.route)
           ? money{}
           : cost_of(by, work, estimated(work), multiplier, at);
}

call_cost real_cost(const tariff& by, const job& work, const answer_usage& x,
                    factor multiplier, timestamp at) {
  if (is_free(work.route))
    return {};
  auto guess = estimated(work);
  if (x.text > 0)
    guess.output = x.text;
  auto used = x.said.value_or(guess);
  if (x.said) {
    const auto known = used.units;
    used.units = work.units;
    if (known.audio_ms > 0)
      used.units.audio_ms = known.audio_ms;
    if (known.searches > 0)
      used.units.searches = known.searches;
    // Seconds or searches alone say nothing of a model that is priced by token,
    // or is not known.
    if (used.input_total() + used.output == 0) {
      const auto units = used.units;
      used = guess;
      used.units = units;
    }
  }
  return {cost_of(by, work, used, multiplier, at), used};
}

std::optional<broken_cost> seen_cost(const tariff& by, const job& work,
                                     const answer_usage& x, factor multiplier,
                                     timestamp at) {
  if (!answers_text(work.route))
    return std::nullopt;
  auto used = x.said.value_or(usage{});
  if (used.input_total() == 0)
    used.input_uncached = work.estimate.input;
  used.output = std::max(used.output, x.text);
  used.source = usage_source::partial;
  auto unseen = used;
  unseen.output = std::max(used.output, x.lasted.count() * tokens_per_s / 1000)
                  + unnoticed_s * tokens_per_s;
  return broken_cost{{cost_of(by, work, used, multiplier, at),
                      cost_of(by, work, unseen, multiplier, at)},
                     used};
}

} // namespace rota
