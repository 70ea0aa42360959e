#pragma once

#include "messages/job.hpp"

#include <string>
#include <vector>

namespace rota {

/// The models of the pool in the shape that the client's protocol has for
/// them: OpenAI's list, Anthropic's page, or Gemini's.
std::string model_list(surface protocol,
                       const std::vector<std::string>& names);

} // namespace rota
