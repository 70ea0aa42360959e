// Pictures, sound, rankings and Gemini's vectors.

#include "tools/sim/draw.hpp"
#include "tools/sim/spelling.hpp"

#include <cstdio>

namespace rota::sim {

namespace {

/// The smallest picture there is: one transparent pixel.
constexpr std::string_view pixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60"
    "e6kgAAAABJRU5ErkJggg==";

std::string number(int64_t x) {
  return std::to_string(x);
}

std::string usage(const answer& y) {
  const auto in = y.used.prompt();
  return "\"usage\":{\"input_tokens\":" + number(in)
         + ",\"output_tokens\":" + number(y.used.output)
         + ",\"total_tokens\":" + number(in + y.used.output);
}

std::string values(const answer& y, int64_t index, int64_t n) {
  std::string out = "{\"values\":";
  char sign = '[';
  for (int64_t i = 0; i < n; ++i) {
    char text[32];
    std::snprintf(text, sizeof(text), "%c%.6f", sign,
                  fraction(draw(y.subject, static_cast<uint64_t>(index),
                                static_cast<uint64_t>(i)))
                          * 2
                      - 1);
    out += text;
    sign = ',';
  }
  return out + "]}";
}

} // namespace

std::string spell_images(const call& x, const answer& y) {
  auto out = "{\"created\":" + number(y.created) + ",\"data\":[";
  for (int64_t i = 0; i < x.inputs; ++i) {
    out += i > 0 ? "," : "";
    out.append("{\"b64_json\":\"").append(pixel).append("\"}");
  }
  return out + "]," + usage(y) + "}}";
}

std::string spell_speech(const answer& y) {
  // Bytes of every value, for sound is no text.
  std::string out = "ID3";
  for (uint64_t i = 0; i < 2'048; ++i)
    out += static_cast<char>(draw(y.subject, i, 0) & 0xff);
  return out;
}

std::string spell_transcription(const answer& y) {
  auto out = "{\"text\":" + json_text(y.text) + "," + usage(y);
  return out + ",\"type\":\"tokens\"}}";
}

std::string spell_rerank(const call& x, const answer& y) {
  auto out = "{\"model\":" + json_text(x.model) + ",\"results\":[";
  for (int64_t i = 0; i < x.inputs; ++i) {
    out += i > 0 ? "," : "";
    out += "{\"index\":" + number(i) + ",\"relevance_score\":0."
           + number(9 - i % 9) + "}";
  }
  const auto total = number(y.used.prompt());
  return out + "],\"usage\":{\"prompt_tokens\":" + total
         + ",\"total_tokens\":" + total + "}}";
}

std::string spell_gemini_embedding(const call& x, const answer& y,
                                   int64_t dimensions) {
  if (x.is == surface::gemini_embed)
    return "{\"embedding\":" + values(y, 0, dimensions) + "}";
  std::string out = "{\"embeddings\":[";
  for (int64_t i = 0; i < x.inputs; ++i)
    out += (i > 0 ? "," : "") + values(y, i, dimensions);
  return out + "]}";
}

} // namespace rota::sim
