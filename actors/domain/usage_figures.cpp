#include "actors/domain/usage_figures.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace rota {

namespace {

using figure = usage_figures::figure;

/// No call takes that many tokens. A larger figure is a fault of the
/// provider, and would be one of the books if it were believed.
constexpr int64_t tokens_max = 1'000'000'000;

struct spelling {
  std::string_view parent;
  std::string_view name;
  figure meaning;
};

// Sources: the SDKs' type definitions of OpenAI, Anthropic and Google; the
// replies of DeepSeek (prompt_cache_hit_tokens), Moonshot (cached_tokens) and
// new-api (claude_cache_creation_*, cached_creation_tokens); the API pages of
// OpenAI on audio and images, of Cohere and Jina on reranking.
constexpr std::string_view prompt_details = "prompt_tokens_details";
constexpr std::string_view input_details = "input_tokens_details";
constexpr std::string_view completion_details = "completion_tokens_details";
constexpr std::string_view output_details = "output_tokens_details";
constexpr spelling spellings[] = {
  {"", "prompt_tokens", figure::prompt},
  {"", "completion_tokens", figure::completion},
  {"", "input_tokens", figure::input},
  {"", "output_tokens", figure::output},
  {prompt_details, "cached_tokens", figure::cached},
  {input_details, "cached_tokens", figure::cached},
  {"", "prompt_cache_hit_tokens", figure::cache_hit},
  {"", "cached_tokens", figure::cache_hit},
  {prompt_details, "cache_write_tokens", figure::cache_write},
  {input_details, "cache_write_tokens", figure::cache_write},
  {prompt_details, "cached_creation_tokens", figure::cache_write},
  {"", "cache_creation_input_tokens", figure::cache_total},
  {"", "cache_read_input_tokens", figure::cache_read},
  {"cache_creation", "ephemeral_5m_input_tokens", figure::write_5m},
  {"cache_creation", "ephemeral_1h_input_tokens", figure::write_1h},
  {"", "claude_cache_creation_5_m_tokens", figure::write_5m},
  {"", "claude_cache_creation_1_h_tokens", figure::write_1h},
  {completion_details, "reasoning_tokens", figure::reasoning},
  {output_details, "reasoning_tokens", figure::reasoning},
  {output_details, "thinking_tokens", figure::reasoning},
  {"server_tool_use", "web_search_requests", figure::web_searches},
  {prompt_details, "audio_tokens", figure::audio_in},
  {input_details, "audio_tokens", figure::audio_in},
  {"input_token_details", "audio_tokens", figure::audio_in},
  {input_details, "image_tokens", figure::image_in},
  {completion_details, "audio_tokens", figure::audio_out},
  {output_details, "audio_tokens", figure::audio_out},
  {output_details, "image_tokens", figure::image_out},
  {"", "total_tokens", figure::total},
  {"", "seconds", figure::audio_ms},
  {"", "search_units", figure::searches},
  {"", "promptTokenCount", figure::gemini_prompt},
  {"", "cachedContentTokenCount", figure::gemini_cached},
  {"", "candidatesTokenCount", figure::gemini_candidates},
  {"", "thoughtsTokenCount", figure::gemini_thoughts},
  {"", "toolUsePromptTokenCount", figure::gemini_tools},
  {"", "tokenCount", figure::entry_tokens},
};

struct modality {
  std::string_view list;
  std::string_view label;
  figure meaning;
};

// What has a price of its own; pictures and films that are shown cost as text.
constexpr modality modalities[] = {
  {"promptTokensDetails", "AUDIO", figure::audio_in},
  {"cacheTokensDetails", "AUDIO", figure::audio_cached},
  {"candidatesTokensDetails", "AUDIO", figure::audio_out},
  {"candidatesTokensDetails", "IMAGE", figure::image_out},
};

constexpr figure prompt_parts[] = {
  figure::input,    figure::cache_read, figure::cache_total,
  figure::write_5m, figure::write_1h,
};

std::optional<int64_t> parse_count(std::string_view x) {
  const auto* const end = x.data() + x.size();
  int64_t whole = 0;
  if (const auto said = std::from_chars(x.data(), end, whole);
      said.ec == std::errc{} && said.ptr == end)
    return std::clamp<int64_t>(whole, 0, tokens_max + 1);
  double value = 0; // Some relays write 12.0.
  const auto said = std::from_chars(x.data(), end, value);
  if (said.ec == std::errc::result_out_of_range)
    return tokens_max + 1;
  if (said.ec != std::errc{} || said.ptr != end || value != value)
    return std::nullopt;
  const auto most = static_cast<double>(tokens_max + 1);
  return static_cast<int64_t>(std::clamp(value, 0.0, most));
}

/// "8.47" seconds in milliseconds, rounded up.
std::optional<int64_t> parse_seconds(std::string_view x) {
  const auto* const end = x.data() + x.size();
  double value = 0;
  const auto said = std::from_chars(x.data(), end, value);
  if (said.ec != std::errc{} || said.ptr != end || !(value >= 0))
    return std::nullopt;
  const auto most = static_cast<double>(tokens_max + 1);
  return static_cast<int64_t>(std::min(std::ceil(value * 1'000), most));
}

} // namespace

void usage_figures::take(std::string_view parent, std::string_view name,
                         std::string_view number) {
  for (const auto& x : spellings)
    if (x.name == name && x.parent == parent) {
      const auto count = x.meaning == figure::audio_ms ? parse_seconds(number)
                                                       : parse_count(number);
      if (count)
        counts_[static_cast<size_t>(x.meaning)] = *count;
      return;
    }
}

void usage_figures::add(std::string_view list, std::string_view label,
                        const usage_figures& entry) {
  if (list == "iterations" && !label.empty() && label != "message") {
    increase(figure::pass_input, entry.get(figure::input));
    increase(figure::pass_read, entry.get(figure::cache_read));
    increase(figure::pass_5m, entry.short_writes());
    increase(figure::pass_1h, entry.get(figure::write_1h));
    increase(figure::pass_output, entry.get(figure::output));
  }
  for (const auto& x : modalities)
    if (x.list == list && x.label == label)
      increase(x.meaning, entry.get(figure::entry_tokens));
}

bool usage_figures::some() const {
  return std::any_of(counts_.begin(), counts_.end(),
                     [](auto x) { return x > 0; });
}

void usage_figures::complete(const usage_figures& x) {
  for (size_t i = 0; i < counts_.size(); ++i)
    if (x.counts_[i] > 0)
      counts_[i] = x.counts_[i];
}

void usage_figures::overwrite(const usage_figures& x) {
  if (!x.some())
    return;
  auto next = x;
  if (std::none_of(std::begin(prompt_parts), std::end(prompt_parts),
                   [&x](auto part) { return x.get(part) > 0; }))
    for (const auto part : prompt_parts)
      next.counts_[static_cast<size_t>(part)] = unsaid;
  for (size_t i = 0; i < counts_.size(); ++i)
    if (next.counts_[i] != unsaid)
      counts_[i] = next.counts_[i];
  if (!next.says(figure::cache_total) || next.says(figure::write_5m)
      || next.says(figure::write_1h))
    return;
  // The split that was said before holds as far as the new sum goes.
  auto& hour = counts_[static_cast<size_t>(figure::write_1h)];
  auto& rest = counts_[static_cast<size_t>(figure::write_5m)];
  hour = std::min(hour, get(figure::cache_total));
  rest = std::min(rest, get(figure::cache_total) - get(figure::write_1h));
}

bool usage_figures::says(figure x) const {
  return counts_[static_cast<size_t>(x)] != unsaid;
}

void usage_figures::increase(figure x, int64_t by) {
  counts_[static_cast<size_t>(x)] = std::min(get(x) + by, tokens_max + 1);
}

int64_t usage_figures::get(figure x) const {
  return std::max<int64_t>(counts_[static_cast<size_t>(x)], 0);
}

int64_t usage_figures::first_of(figure x, figure y) const {
  return get(x) > 0 ? get(x) : get(y);
}

usage usage_figures::of_openai(bool responses) const {
  usage x;
  // Relays fill in both spellings, and one of them with zeros.
  const auto input = responses ? first_of(figure::input, figure::prompt)
                               : first_of(figure::prompt, figure::input);
  x.output = responses ? first_of(figure::output, figure::completion)
                       : first_of(figure::completion, figure::output);
  x.cache_read = first_of(figure::cached, figure::cache_hit);
  x.cache_write_1h = get(figure::write_1h);
  x.cache_write_5m = std::max(get(figure::write_5m),
                              get(figure::cache_write) - x.cache_write_1h);
  // Writes are counted before adjustment, so the parts may exceed the whole.
  x.input_uncached = std::max<int64_t>(input - x.cache_read - x.cache_write_5m
                                         - x.cache_write_1h,
                                       0);
  return x;
}

int64_t usage_figures::short_writes() const {
  // Without a split all writes live for five minutes, the default.
  return std::max(get(figure::write_5m),
                  get(figure::cache_total) - get(figure::write_1h));
}

usage usage_figures::of_anthropic() const {
  // The sums leave out what the server did beside the message.
  usage x;
  x.input_uncached = get(figure::input) + get(figure::pass_input);
  x.cache_read = get(figure::cache_read) + get(figure::pass_read);
  x.cache_write_1h = get(figure::write_1h) + get(figure::pass_1h);
  x.cache_write_5m = short_writes() + get(figure::pass_5m);
  x.output = get(figure::output) + get(figure::pass_output);
  return x;
}

usage usage_figures::of_gemini() const {
  usage x;
  x.cache_read = get(figure::gemini_cached);
  x.input_uncached
    = std::max<int64_t>(get(figure::gemini_prompt) + get(figure::gemini_tools)
                          - x.cache_read,
                        0);
  x.output = get(figure::gemini_candidates) + get(figure::gemini_thoughts);
  return x;
}

std::optional<usage> usage_figures::tokens(surface route) const {
  if (std::any_of(counts_.begin(), counts_.end(),
                  [](auto x) { return x > tokens_max; }))
    return std::nullopt;
  const auto who = protocol_of(route);
  const auto chat = route == surface::openai_chat
                    || route == surface::openai_completions
                    || route == surface::openai_embeddings
                    || route == surface::openai_moderations;
  auto x = who == protocol::anthropic ? of_anthropic()
           : who == protocol::gemini  ? of_gemini()
                                      : of_openai(!chat);
  add_media(route, x);
  if (x.input_total() + x.output == 0 && x.units == unit_usage{})
    return std::nullopt;
  x.reasoning = who == protocol::gemini ? get(figure::gemini_thoughts)
                                        : get(figure::reasoning);
  x.web_searches = get(figure::web_searches);
  return x;
}

void usage_figures::add_media(surface route, usage& x) const {
  if (route == surface::rerank) {
    if (x.input_total() + x.output == 0)
      x.input_uncached = get(figure::total);
    x.units.searches = get(figure::searches);
  }
  if (route == surface::openai_transcriptions)
    x.units.audio_ms = get(figure::audio_ms);
  const auto pictures = route == surface::openai_images
                        || route == surface::openai_image_edits;
  const auto gemini = protocol_of(route) == protocol::gemini;
  const auto in = pictures ? get(figure::image_in)
                           : get(figure::audio_in) - get(figure::audio_cached);
  auto out = pictures ? get(figure::image_out) : get(figure::audio_out);
  if (gemini) // Its thoughts are neither.
    out = std::min(out + get(figure::image_out),
                   get(figure::gemini_candidates));
  // Whoever draws or speaks says nothing else.
  if (out == 0 && (pictures || route == surface::openai_speech))
    out = x.output;
  x.media_input = std::clamp<int64_t>(in, 0, x.input_uncached);
  x.media_output = std::min(out, x.output);
}

} // namespace rota
