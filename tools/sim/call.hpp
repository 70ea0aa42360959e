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
  gemini_batch_embed,
  images,
  speech,
  transcription,
  rerank,
  stored, ///< A response by its name.
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
};

route route_of(std::string_view path);

/// @returns Whether a call to it may cost money, so that rules without a path
/// are about it.
bool is_paid(surface x);

/// @returns Whether it may answer as a stream.
bool may_stream(surface x);

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
  /// Embeddings, rankings, pictures: how many, and whether base64 is wanted.
  int64_t inputs = 1;
  bool base64 = false;
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
/// contents, content, requests, documents, query, input and prompt. Of a form
/// it is ceil(bytes / 400) of the whole.
class call_parser {
public:
  call_parser();
  ~call_parser();
  call_parser(const call_parser&) = delete;
  call_parser& operator=(const call_parser&) = delete;

  call parse(const route& where, std::string_view body);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace rota::sim
