#pragma once

#include "tools/sim/wire.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rota::sim {

/// What a path asks for.
enum class surface {
  unknown,
  chat,
  completions,
  responses,
  embeddings,
  moderations,
  messages,
  count_tokens,
  gemini_generate,
  gemini_stream,
  gemini_count,
  gemini_embed,
  gemini_embed_batch,
  images,
  image_edits,
  speech,
  transcriptions,
  rerank,
  compact,
  stored_response,
  models,
  gemini_models,
  user_self,
  token_usage,
  subscription,
  billing_usage,
  status,
  admin,
};

/// A path and what it says.
struct route {
  surface is = surface::unknown;
  /// The model in a Gemini path.
  std::string_view model;
  /// Whether the path wants POST; otherwise GET.
  bool post = false;
  /// Of a stored response: its id, and what stands behind that.
  std::string_view response;
  std::string_view verb;
};

route route_of(std::string_view path);

/// @returns Whether a call to it may cost money, so that rules without a path
/// are about it.
bool is_paid(surface x);

bool is_anthropic(surface x);
bool is_gemini(surface x);

/// What a request's body says. The views live until the next one is parsed.
struct call {
  surface is = surface::unknown;
  std::string_view model;
  bool stream = false;
  bool include_usage = false;
  /// -1: none.
  int64_t tokens_max = -1;
  int64_t input_tokens = 0;
  /// The last text, which an echo repeats.
  std::string_view last_text;
  /// Embeddings: how many inputs, and whether base64 is wanted.
  int64_t inputs = 1;
  bool base64 = false;
  /// Pictures wanted and given, characters to be spoken, seconds that were
  /// recorded, documents to be ranked.
  int64_t images = 1;
  int64_t pictures = 0;
  int64_t characters = 0;
  int64_t seconds = 0;
  int64_t documents = 0;
  std::string_view response_format;
  /// Responses: whether it is kept, and which one it goes on from.
  bool store = true;
  std::string_view previous;
  /// Raw JSON of `metadata`.
  std::string marker;
  /// What is wrong with the body; empty: nothing.
  std::string fault;
};

/// Reads request bodies.
///
/// The input tokens of a request are ceil(bytes / 4), at least 1, where bytes
/// counts every JSON string value (escapes resolved, keys left out) at any
/// depth below system, instructions, systemInstruction, tools, messages,
/// contents, input, prompt, content, requests, query and documents; of a form,
/// its prompt. A recording lasts a second for each 32,000 bytes, rounded up.
class call_parser {
public:
  call_parser();
  ~call_parser();
  call_parser(const call_parser&) = delete;
  call_parser& operator=(const call_parser&) = delete;

  call parse(const route& where, std::string_view content_type,
             std::string_view body);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace rota::sim
