#pragma once

#include "actors/domain/api_route.hpp"
#include "actors/domain/client_error.hpp"

#include <string>
#include <vector>

namespace rota {

/// Answers a request about models, in the shape that the client's protocol has
/// for them: OpenAI's list, Anthropic's page, Gemini's, or one of them.
/// @param names Those that the client may use.
client_answer answer_about_models(const api_route& x,
                                  const std::vector<std::string>& names);

} // namespace rota
