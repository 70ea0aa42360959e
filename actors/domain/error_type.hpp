#pragma once

#include "messages/surface.hpp"

#include <string_view>

namespace rota {

/// How a protocol names the kind of error that an HTTP status stands for: the
/// type of Anthropic's and OpenAI's errors, Google's status (google.rpc.Code,
/// code.proto).
std::string_view error_type(protocol whose, int status);

} // namespace rota
