#include "tools/sim/spelling.hpp"

namespace rota::sim {

namespace {

std::string text_details(std::string_view name, int64_t count) {
  std::string out = ",\"";
  out.append(name).append("\":[{\"modality\":\"TEXT\",\"tokenCount\":");
  return out + std::to_string(count) + "}]";
}

/// @param candidates Visible tokens so far.
std::string usage(const answer& y, int64_t candidates) {
  const auto& used = y.used;
  auto out = "{\"promptTokenCount\":" + std::to_string(used.prompt());
  if (used.cache_read > 0)
    out += ",\"cachedContentTokenCount\":" + std::to_string(used.cache_read);
  if (candidates > 0)
    out += ",\"candidatesTokenCount\":" + std::to_string(candidates);
  if (used.reasoning > 0)
    out += ",\"thoughtsTokenCount\":" + std::to_string(used.reasoning);
  const auto total = used.prompt() + candidates + used.reasoning;
  out += ",\"totalTokenCount\":" + std::to_string(total);
  out += text_details("promptTokensDetails", used.prompt());
  if (used.cache_read > 0)
    out += text_details("cacheTokensDetails", used.cache_read);
  return out + "}";
}

std::string generation(const call& x, const answer& y, std::string_view text,
                       int64_t candidates, bool last) {
  std::string out = R"({"candidates":[{"content":{"parts":[{"text":)";
  append_json(out, text);
  out += R"(}],"role":"model"},"index":0)";
  if (last)
    out.append(",\"finishReason\":\"")
        .append(y.cut ? "MAX_TOKENS" : "STOP")
        .append("\"");
  out += "}],\"usageMetadata\":" + usage(y, candidates);
  out += ",\"modelVersion\":" + json_text(x.model);
  return out + ",\"responseId\":\"" + y.id + "\"}";
}

} // namespace

std::string spell_generation(const call& x, const answer& y) {
  return generation(x, y, y.text, y.used.output - y.used.reasoning, true);
}

void stream_generation(const call& x, const answer& y, bool sse,
                       piece_writer& out) {
  const auto visible = y.used.output - y.used.reasoning;
  const auto n = std::max<size_t>(y.parts.size(), 1);
  for (size_t i = 0; i < n; ++i) {
    const auto last = i + 1 == n;
    const auto part = i < y.parts.size() ? y.parts[i] : std::string_view{};
    const auto said =
        visible * static_cast<int64_t>(i + 1) / static_cast<int64_t>(n);
    const auto text = generation(x, y, part, said, last);
    if (sse)
      out.raw("data: " + text + "\r\n\r\n");
    else
      out.raw((i == 0 ? "[" : "") + text + (last ? "\n]\n" : ",\n"));
  }
}

std::string spell_gemini_count(const call& x) {
  return "{\"totalTokens\":" + std::to_string(x.input_tokens)
         + text_details("promptTokensDetails", x.input_tokens) + "}";
}

} // namespace rota::sim
