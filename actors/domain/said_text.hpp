#pragma once

#include "messages/surface.hpp"

#include <cstdint>
#include <string_view>

namespace rota {

/// Hundredths of a token for what a model said in an event of a stream, or in
/// a whole answer: its text, its thoughts and the arguments of its calls, with
/// the weights of its protocol. For answers that do not say what they used.
/// Nothing on surfaces whose answers are no text, and where it is no JSON.
int64_t weigh_event(surface route, std::string_view event);
int64_t weigh_answer(surface route, std::string_view document);

} // namespace rota
