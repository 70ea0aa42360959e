#include "tools/sim/answer.hpp"

#include "tools/sim/draw.hpp"
#include "tools/sim/spelling.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rota::sim {

namespace {

// What is drawn, so that no two draws of a call are alike.
enum purpose : uint64_t { length, cached, written, hourly, reasoned, words };

constexpr std::string_view sayings =
    "The river rises in the hills and is fed by three streams before it "
    "reaches the plain. In spring the water stands high and the ferry rests; "
    "by July it is shallow enough to wade. Two bridges cross it, one of stone "
    "and one of iron. The mill at the bend still grinds rye for the village, "
    "and its owner keeps a book of the levels, one line a day, that goes back "
    "more than a hundred years. A reader of that book learns to expect little "
    "of any one number and much of the whole column. ";

int64_t share_of(int64_t whole, const range& ppm, uint64_t bits) {
  return whole * between(bits, ppm.min, ppm.max) / 1'000'000;
}

/// Cuts a text without cutting a character of UTF-8.
std::string_view cut_text(std::string_view text, size_t bytes) {
  if (bytes >= text.size())
    return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80)
    --bytes;
  return text.substr(0, bytes);
}

std::string invented_text(size_t bytes, uint64_t bits) {
  std::string result;
  result.reserve(bytes + sayings.size());
  auto from = static_cast<size_t>(bits % sayings.size());
  while (result.size() < bytes) {
    result += sayings.substr(from);
    from = 0;
  }
  result.resize(bytes);
  return result;
}

void cut_into_parts(answer& x, size_t n) {
  auto rest = std::string_view{x.text};
  for (; n > 0 && !rest.empty(); --n) {
    auto part = cut_text(rest, (rest.size() + n - 1) / n);
    if (part.empty() || n == 1)
      part = rest;
    x.parts.push_back(part);
    rest.remove_prefix(part.size());
  }
}

void split_input(const call& x, const reply_options& how, uint64_t seed,
                 uint64_t subject, tokens& out) {
  out.input = x.input_tokens;
  if (x.is == surface::embeddings || x.is == surface::completions
      || x.is == surface::gemini_embed || x.is == surface::gemini_embed_batch)
    return;
  out.cache_read = share_of(x.input_tokens, how.cached_share,
                            draw(seed, subject, purpose::cached));
  out.input -= out.cache_read;
  if (is_gemini(x.is))
    return;
  const auto write =
      std::min(out.input, share_of(x.input_tokens, how.cache_write_share,
                                   draw(seed, subject, purpose::written)));
  out.input -= write;
  if (is_anthropic(x.is))
    out.cache_write_1h = share_of(write, how.cache_write_1h_share,
                                  draw(seed, subject, purpose::hourly));
  out.cache_write_5m = write - out.cache_write_1h;
}

bool has_units(surface x) {
  return x == surface::images || x == surface::image_edits
         || x == surface::speech || x == surface::transcriptions
         || x == surface::rerank;
}

// Made up, but for their order of size.
constexpr int64_t tokens_drawn = 1'056;
constexpr int64_t tokens_seen = 323;
constexpr int64_t tokens_heard = 10;

/// What is drawn, spoken, heard or searched, in units or, where these have a
/// price, in tokens.
tokens measure(const call& x, const prices& by) {
  tokens out;
  switch (x.is) {
    case surface::images:
    case surface::image_edits:
      out.images = x.images;
      out.media_input = x.pictures * tokens_seen;
      out.input = x.input_tokens + out.media_input;
      out.output = out.media_output = x.images * tokens_drawn;
      break;
    case surface::speech:
      out.characters = x.characters;
      out.input = x.input_tokens;
      out.output = out.media_output = x.characters;
      break;
    case surface::transcriptions:
      out.seconds = x.seconds;
      out.media_input = x.seconds * tokens_heard;
      out.input = x.input_tokens + out.media_input;
      out.output = x.seconds * 4;
      break;
    default:
      out.searches = (x.documents + 99) / 100;
      out.input = x.input_tokens;
      break;
  }
  if (!by.by_token())
    out.input = out.output = out.media_input = out.media_output = 0;
  return out;
}

} // namespace

answer make_answer(const call& x, const reply_options& how, const prices& by,
                   uint64_t seed, uint64_t subject) {
  answer result;
  result.subject = subject;
  if (has_units(x.is)) {
    result.used = measure(x, by);
    if (x.is == surface::transcriptions)
      result.text =
          invented_text(64, draw(seed, subject, purpose::words));
    if (x.stream)
      cut_into_parts(result, static_cast<size_t>(how.chunks));
    return result;
  }
  split_input(x, how, seed, subject, result.used);
  if (x.is == surface::embeddings || x.is == surface::gemini_embed
      || x.is == surface::gemini_embed_batch)
    return result;
  const auto wanted =
      how.echo ? static_cast<int64_t>(x.last_text.size() + 3) / 4
               : between(draw(seed, subject, purpose::length),
                         how.output_tokens.min, how.output_tokens.max);
  result.cut = x.tokens_max >= 0 && wanted > x.tokens_max;
  result.used.output = result.cut ? x.tokens_max : wanted;
  if (!how.echo && x.is != surface::completions)
    result.used.reasoning = share_of(result.used.output, how.reasoning_share,
                                     draw(seed, subject, purpose::reasoned));
  const auto visible = result.used.output - result.used.reasoning;
  const auto bytes = static_cast<size_t>(
      how.text_bytes >= 0 && !how.echo ? how.text_bytes : visible * 4);
  result.text = how.echo
                    ? std::string{cut_text(x.last_text, bytes)}
                    : invented_text(bytes, draw(seed, subject, purpose::words));
  if (x.stream)
    cut_into_parts(result, static_cast<size_t>(how.chunks));
  return result;
}

std::string spell(const call& x, const answer& y, const reply_options& how) {
  switch (x.is) {
    case surface::completions:
      return spell_completion(x, y);
    case surface::responses:
      return spell_response(x, y);
    case surface::embeddings:
      return spell_embeddings(x, y, how.embedding_dimensions);
    case surface::moderations:
      return spell_moderation(x, y);
    case surface::messages:
      return spell_message(x, y);
    case surface::count_tokens:
      return "{\"input_tokens\":" + std::to_string(x.input_tokens) + "}";
    case surface::gemini_generate:
      return spell_generation(x, y);
    case surface::gemini_count:
      return spell_gemini_count(x);
    case surface::gemini_embed:
    case surface::gemini_embed_batch:
      return spell_gemini_vectors(x, y, how.embedding_dimensions);
    case surface::images:
    case surface::image_edits:
      return spell_images(x, y);
    case surface::speech:
      return spell_speech(x, y);
    case surface::transcriptions:
      return spell_transcript(x, y);
    case surface::rerank:
      return spell_ranks(x, y);
    case surface::compact:
      return spell_compaction(x, y);
    default:
      return spell_chat(x, y);
  }
}

std::string_view type_of(const call& x) {
  if (x.is == surface::speech)
    return "audio/mpeg";
  const auto format = x.response_format;
  return x.is == surface::transcriptions
                 && (format == "text" || format == "srt" || format == "vtt")
             ? "text/plain; charset=utf-8"
             : "application/json";
}

void spell_stream(const call& x, const answer& y, bool sse, http_reply& out) {
  out.content_type = "text/event-stream; charset=utf-8";
  piece_writer writer{out.body, out.piece_ends};
  switch (x.is) {
    case surface::completions:
      return stream_completion(x, y, writer);
    case surface::responses:
      return stream_response(x, y, writer);
    case surface::messages:
      return stream_message(x, y, writer);
    case surface::images:
    case surface::image_edits:
      return stream_images(x, y, writer);
    case surface::speech:
      return stream_speech(x, y, writer);
    case surface::transcriptions:
      return stream_transcript(x, y, writer);
    case surface::gemini_stream:
      if (!sse)
        out.content_type = "application/json; charset=UTF-8";
      return stream_generation(x, y, sse, writer);
    default:
      return stream_chat(x, y, writer);
  }
}

microseconds draw_delay(const delay_options& x, uint64_t bits) {
  switch (x.is) {
    case distribution::fixed:
      return x.low;
    case distribution::uniform:
      return microseconds{between(bits, x.low.count(), x.high.count())};
    case distribution::lognormal: {
      // Box and Muller; 1 - u is never zero.
      const auto radius = std::sqrt(-2 * std::log(1 - fraction(bits)));
      const auto angle = 2 * std::numbers::pi * fraction(scramble(bits));
      const auto factor = std::exp(x.sigma * radius * std::cos(angle));
      const auto value =
          std::min(static_cast<double>(x.low.count()) * factor, 8.64e10);
      const auto result = microseconds{static_cast<int64_t>(value)};
      return x.high.count() > 0 ? std::min(result, x.high) : result;
    }
    default:
      return microseconds{0};
  }
}

} // namespace rota::sim
