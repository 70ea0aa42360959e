#pragma once

#include "messages/job.hpp"

#include <string_view>

namespace rota {

/// What a request's JSON says that routing needs.
struct request_facts {
  /// Empty where the body names none (Gemini's is in the path).
  std::string model;
  bool stream = false;
  /// The answer is to be asked for later (Responses).
  bool background = false;
  token_estimate tokens;
  unit_usage units;
  /// The response that this one goes on from.
  std::string previous;
  /// The provider is to keep the response.
  bool stored = true;
  /// Half a sentence if the body is no JSON object, or too deep to be a
  /// request.
  std::string fault;
};

/// Reads a request body once. Input tokens are counted without a tokenizer by
/// the weights per kind of character in text_weight.cpp, and are
/// meant as an upper bound; output tokens are the body's own maximum
/// (max_tokens, max_completion_tokens, max_output_tokens,
/// generationConfig.maxOutputTokens, times n) or `default_output`, at most a
/// billion.
request_facts read_request(surface route, std::string_view body,
                           int64_t default_output);

} // namespace rota
