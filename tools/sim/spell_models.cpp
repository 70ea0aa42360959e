#include "tools/sim/answer.hpp"

namespace rota::sim {

namespace {

std::string gemini_list(const std::vector<std::string>& models) {
  std::string out = "{\"models\":[";
  for (const auto& x : models) {
    out += out.back() == '[' ? "" : ",";
    out += "{\"name\":" + json_text("models/" + x)
           + ",\"version\":\"001\",\"displayName\":" + json_text(x)
           + ",\"inputTokenLimit\":1048576,\"outputTokenLimit\":65536,"
             "\"supportedGenerationMethods\":[\"generateContent\","
             "\"countTokens\"]}";
  }
  return out + "]}";
}

std::string anthropic_list(const std::vector<std::string>& models) {
  std::string out = "{\"data\":[";
  for (const auto& x : models) {
    out += out.back() == '[' ? "" : ",";
    out += "{\"type\":\"model\",\"id\":" + json_text(x) + ",\"display_name\":"
           + json_text(x) + ",\"created_at\":\"2026-01-01T00:00:00Z\"}";
  }
  out += "],\"has_more\":false,\"first_id\":";
  out += models.empty() ? "null" : json_text(models.front());
  out += ",\"last_id\":";
  return out + (models.empty() ? "null" : json_text(models.back())) + "}";
}

std::string openai_list(const std::vector<std::string>& models) {
  std::string out = "{\"object\":\"list\",\"data\":[";
  for (const auto& x : models) {
    out += out.back() == '[' ? "" : ",";
    out += "{\"id\":" + json_text(x)
           + ",\"object\":\"model\",\"created\":1767225600,"
             "\"owned_by\":\"rota-sim\"}";
  }
  return out + "]}";
}

} // namespace

std::string spell_models(surface is, const std::vector<std::string>& models,
                         bool anthropic) {
  if (is == surface::gemini_models)
    return gemini_list(models);
  return anthropic ? anthropic_list(models) : openai_list(models);
}

} // namespace rota::sim
