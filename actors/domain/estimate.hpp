#pragma once

#include "messages/job.hpp"

#include <string_view>

namespace rota {

/// What a request's JSON says that routing needs.
struct request_facts {
  /// Empty where the body names none (Gemini's is in the path).
  std::string model;
  bool stream = false;
  token_estimate tokens;
  /// The response that it goes on from; empty: none.
  std::string previous_response;
  /// Half a sentence if the body is no JSON object, or too deep to be a
  /// request.
  std::string fault;
};

/// Reads a request body once. Input tokens are counted without a tokenizer by
/// the weights per kind of character of `weights` in estimate.cpp, and are
/// meant as an upper bound; output tokens are the body's own maximum
/// (max_tokens, max_completion_tokens, max_output_tokens,
/// generationConfig.maxOutputTokens, times n) or `default_output`, at most a
/// billion.
///
/// Where the answer is no text, output is counted in the tokens of its kind:
/// 6,240 a picture (what OpenAI's price page names for the dearest one), and 8
/// of sound for each token of text (a token of sound lasts 50 ms, and a second
/// of speech has about 15 letters). Surfaces that make nothing have none.
request_facts read_request(surface route, std::string_view body,
                           int64_t default_output);

/// The same for a form (multipart/form-data). A file of sound counts as a token
/// for each 200 bytes, going in and coming out: ten a second at 16 kbit/s.
request_facts read_form(surface route, std::string_view boundary,
                        std::string_view body);

/// The model that a provider takes where a request names none; empty: there
/// must be one.
std::string_view default_model(surface route);

} // namespace rota
