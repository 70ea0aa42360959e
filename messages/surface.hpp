#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// Who stands behind an account's base URL.
enum class provider : uint8_t {
  openai = 0,
  anthropic,
  gemini,
  new_api,
  one_api,
  sub2api,
  anyrouter,
  deepseek,
  openrouter,
  moonshot,
  siliconflow,
};

/// What kind of calls a route takes, in the protocol that the caller speaks.
/// rota never translates between protocols. Batch files have the first seven.
enum class surface : uint8_t {
  openai_chat = 0,
  openai_completions,
  openai_responses,
  openai_embeddings,
  openai_moderations,
  anthropic_messages,
  gemini_generate,
  openai_images, ///< Generations, edits, variations.
  openai_audio,  ///< Speech, transcriptions, translations.
  openai_rerank, ///< As relays have it; OpenAI does not.
  openai_stored, ///< A response that an account keeps: read, delete, cancel.
  anthropic_count,
  gemini_count,
  gemini_embed,
};

inline constexpr size_t surface_count = 14;

/// Whose requests, answers and errors a surface has.
enum class protocol : uint8_t { openai = 0, anthropic, gemini };

protocol protocol_of(surface x);

/// Whether nobody charges for it.
bool is_free(surface x);

/// @returns "new_api", as the configuration spells it.
std::string to_string(provider x);
std::optional<provider> parse_provider(std::string_view text);

/// @returns "openai_chat".
std::string to_string(surface x);

} // namespace rota
