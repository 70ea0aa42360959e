#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace rota {

/// A provider's route, in the protocol that the caller speaks. rota never
/// translates between protocols.
enum class surface : uint8_t {
  openai_chat = 0,
  openai_completions,
  openai_responses,
  openai_embeddings,
  openai_moderations,
  anthropic_messages,
  gemini_generate,
  openai_images,      ///< images/generations
  openai_image_edits, ///< images/edits, images/variations
  openai_speech,
  openai_transcriptions, ///< audio/transcriptions, audio/translations
  rerank,                ///< Of Cohere and Jina; spelt as OpenAI's are.
  openai_stored,         ///< What a response became: GET, DELETE, cancel.
  openai_compact,        ///< responses/compact
  anthropic_count,       ///< messages/count_tokens
  gemini_embed,          ///< embedContent, batchEmbedContents
  gemini_count,          ///< countTokens
};

inline constexpr size_t surface_count = 17;

/// Whose spelling a surface has, for errors above all.
enum class protocol : uint8_t { openai = 0, anthropic, gemini };

constexpr protocol protocol_of(surface x) {
  switch (x) {
    case surface::anthropic_messages:
    case surface::anthropic_count:
      return protocol::anthropic;
    case surface::gemini_generate:
    case surface::gemini_embed:
    case surface::gemini_count:
      return protocol::gemini;
    default:
      return protocol::openai;
  }
}

/// Whether a call counts tokens only.
constexpr bool counts_tokens(surface x) {
  return x == surface::anthropic_count || x == surface::gemini_count;
}

/// Whether what a model answers is text, token by token.
constexpr bool answers_text(surface x) {
  return x == surface::openai_chat || x == surface::openai_completions
         || x == surface::openai_responses || x == surface::anthropic_messages
         || x == surface::gemini_generate;
}

/// Whether no provider charges for a call: nothing is held for it.
constexpr bool is_free(surface x) {
  return counts_tokens(x) || x == surface::openai_stored;
}

/// Whether a call may cost something else than tokens: pictures, characters,
/// seconds or searches.
constexpr bool has_units(surface x) {
  switch (x) {
    case surface::openai_images:
    case surface::openai_image_edits:
    case surface::openai_speech:
    case surface::openai_transcriptions:
    case surface::rerank:
      return true;
    default:
      return false;
  }
}

/// @returns "openai_chat".
std::string to_string(surface x);

} // namespace rota
