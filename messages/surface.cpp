#include "messages/surface.hpp"

#include <array>

namespace rota {

namespace {

constexpr std::array<const char*, surface_count> names{
  "openai_chat",        "openai_completions", "openai_responses",
  "openai_embeddings",  "openai_moderations", "anthropic_messages",
  "gemini_generate",    "openai_images",      "openai_image_edits",
  "openai_speech",      "openai_transcriptions", "rerank",
  "openai_stored",      "openai_compact",     "anthropic_count",
  "gemini_embed",       "gemini_count",
};

} // namespace

std::string to_string(surface x) {
  return names.at(static_cast<size_t>(x));
}

} // namespace rota
