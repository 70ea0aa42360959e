#pragma once

#include "messages/surface.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// A failure as its protocol would say it in a document of its own, from a body
/// of any form: itself where it is JSON, the first fault of a stream otherwise.
/// Nothing for web pages, texts, and where there is no fault.
std::optional<std::string> fault_document(surface route, std::string_view body);

} // namespace rota
