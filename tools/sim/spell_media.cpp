// Pictures, sound, reranks and Gemini's embeddings.

#include "tools/sim/draw.hpp"
#include "tools/sim/spelling.hpp"

#include <cstdio>

namespace rota::sim {

namespace {

std::string number(int64_t x) {
  return std::to_string(x);
}

/// A picture or sound of so many bytes that depend on the call alone.
std::string some_bytes(const answer& y, uint64_t index, size_t n) {
  std::string result;
  for (size_t i = 0; i < n; ++i)
    result += static_cast<char>(draw(y.subject, index, i) & 0xff);
  return result;
}

std::string picture(const answer& y, int64_t index) {
  std::string out = "iVBORw0KGgo";
  for (const auto c : some_bytes(y, static_cast<uint64_t>(index), 64))
    out += static_cast<char>('a' + (static_cast<unsigned char>(c) % 26));
  return out + "=";
}

std::string image_usage(const answer& y) {
  const auto& used = y.used;
  return "{\"input_tokens\":" + number(used.input)
         + ",\"input_tokens_details\":{\"image_tokens\":"
         + number(used.media_input)
         + ",\"text_tokens\":" + number(used.input - used.media_input)
         + "},\"output_tokens\":" + number(used.output)
         + ",\"total_tokens\":" + number(used.input + used.output) + "}";
}

/// By token, or by second.
std::string audio_usage(const answer& y) {
  const auto& used = y.used;
  if (used.input + used.output == 0)
    return "{\"type\":\"duration\",\"seconds\":" + number(used.seconds) + "}";
  return "{\"type\":\"tokens\",\"input_tokens\":" + number(used.input)
         + ",\"input_token_details\":{\"text_tokens\":"
         + number(used.input - used.media_input)
         + ",\"audio_tokens\":" + number(used.media_input)
         + "},\"output_tokens\":" + number(used.output)
         + ",\"total_tokens\":" + number(used.input + used.output) + "}";
}

std::string vector_of(const answer& y, int64_t index, int64_t n) {
  std::string out = "{\"values\":";
  char sign = '[';
  for (int64_t i = 0; i < n; ++i) {
    char buffer[32];
    std::snprintf(buffer, sizeof(buffer), "%c%.6f", sign,
                  fraction(draw(y.subject, static_cast<uint64_t>(index),
                                static_cast<uint64_t>(i)))
                          * 2
                      - 1);
    out += buffer;
    sign = ',';
  }
  return out + "]}";
}

} // namespace

std::string spell_images(const call& x, const answer& y) {
  std::string out = "{\"created\":" + number(y.created) + ",\"data\":[";
  for (int64_t i = 0; i < x.images; ++i)
    out += (i > 0 ? ",{\"b64_json\":\"" : "{\"b64_json\":\"") + picture(y, i)
           + "\"}";
  out += "]";
  if (y.used.output > 0)
    out += ",\"usage\":" + image_usage(y);
  return out + "}";
}

void stream_images(const call& x, const answer& y, piece_writer& out) {
  const std::string name =
      x.is == surface::images ? "image_generation" : "image_edit";
  const auto event = [&](const std::string& kind, const std::string& rest) {
    out.event(name + kind, "{\"type\":\"" + name + kind + "\",\"b64_json\":\""
                               + picture(y, 0) + "\",\"created_at\":"
                               + number(y.created) + rest + "}");
  };
  event(".partial_image", ",\"partial_image_index\":0");
  event(".completed", ",\"usage\":" + image_usage(y));
}

std::string spell_speech(const call& x, const answer& y) {
  return "ID3" + some_bytes(y, 0, static_cast<size_t>(x.characters) * 40);
}

void stream_speech(const call&, const answer& y, piece_writer& out) {
  for (int64_t i = 0; i < 3; ++i)
    out.data(R"({"type":"speech.audio.delta","audio":")" + picture(y, i)
             + "\"}");
  out.data(R"({"type":"speech.audio.done","usage":)" + audio_usage(y) + "}");
}

std::string spell_transcript(const call& x, const answer& y) {
  const auto text = json_text(y.text);
  if (x.response_format == "text")
    return y.text + "\n";
  if (x.response_format == "srt")
    return "1\n00:00:00,000 --> 00:00:01,000\n" + y.text + "\n\n";
  if (x.response_format == "vtt")
    return "WEBVTT\n\n00:00.000 --> 00:01.000\n" + y.text + "\n\n";
  if (x.response_format == "verbose_json")
    return "{\"task\":\"transcribe\",\"language\":\"english\",\"duration\":"
           + number(y.used.seconds) + ".0,\"text\":" + text
           + ",\"segments\":[]}";
  return "{\"text\":" + text + ",\"usage\":" + audio_usage(y) + "}";
}

void stream_transcript(const call&, const answer& y, piece_writer& out) {
  for (const auto part : y.parts)
    out.data(R"({"type":"transcript.text.delta","delta":)" + json_text(part)
             + "}");
  out.data(R"({"type":"transcript.text.done","text":)" + json_text(y.text)
           + ",\"usage\":" + audio_usage(y) + "}");
}

std::string spell_ranks(const call& x, const answer& y) {
  std::string out = "{\"id\":\"" + y.id + "\",\"results\":[";
  for (int64_t i = 0; i < x.documents; ++i)
    out += (i > 0 ? "," : "") + std::string{"{\"index\":"} + number(i)
           + ",\"relevance_score\":0." + number(9 - i % 9) + "}";
  out += "]";
  if (y.used.input > 0)
    out += ",\"usage\":{\"prompt_tokens\":" + number(y.used.input)
           + ",\"total_tokens\":" + number(y.used.input) + "}";
  else
    out += ",\"meta\":{\"billed_units\":{\"search_units\":"
           + number(y.used.searches) + "}}";
  return out + "}";
}

std::string spell_gemini_vectors(const call& x, const answer& y,
                                 int64_t dimensions) {
  if (x.is == surface::gemini_embed)
    return "{\"embedding\":" + vector_of(y, 0, dimensions)
           + ",\"usageMetadata\":{\"promptTokenCount\":" + number(y.used.input)
           + "}}";
  std::string out = "{\"embeddings\":[";
  for (int64_t i = 0; i < x.inputs; ++i)
    out += (i > 0 ? "," : "") + vector_of(y, i, dimensions);
  return out + "],\"usageMetadata\":{\"promptTokenCount\":"
         + number(y.used.input) + "}}";
}

} // namespace rota::sim
