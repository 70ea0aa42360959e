#include "messages/surface.hpp"

#include <array>

namespace rota {

namespace {

constexpr std::array<const char*, 11> provider_names{
  "openai",    "anthropic", "gemini",     "new_api",  "one_api",     "sub2api",
  "anyrouter", "deepseek",  "openrouter", "moonshot", "siliconflow",
};

constexpr std::array<const char*, surface_count> surface_names{
  "openai_chat",        "openai_completions", "openai_responses",
  "openai_embeddings",  "openai_moderations", "anthropic_messages",
  "gemini_generate",    "openai_images",      "openai_audio",
  "openai_rerank",      "openai_stored",      "anthropic_count",
  "gemini_count",       "gemini_embed",
};

} // namespace

std::string to_string(provider x) {
  return provider_names.at(static_cast<size_t>(x));
}

std::optional<provider> parse_provider(std::string_view text) {
  for (size_t i = 0; i < provider_names.size(); ++i)
    if (text == provider_names[i])
      return static_cast<provider>(i);
  return std::nullopt;
}

std::string to_string(surface x) {
  return surface_names.at(static_cast<size_t>(x));
}

protocol protocol_of(surface x) {
  switch (x) {
    case surface::anthropic_messages:
    case surface::anthropic_count:
      return protocol::anthropic;
    case surface::gemini_generate:
    case surface::gemini_count:
    case surface::gemini_embed:
      return protocol::gemini;
    default:
      return protocol::openai;
  }
}

bool is_free(surface x) {
  return x == surface::openai_stored || x == surface::anthropic_count
         || x == surface::gemini_count;
}

} // namespace rota
