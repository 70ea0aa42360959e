#pragma once

#include "messages/surface.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// A failure as its protocol says it in a document of its own, from a body of
/// any form: of a stream its first fault, of a list its first element. As it
/// came where it has the protocol's shape, for the libraries of clients read
/// that; else with what that lacks added, the status saying the type. Nothing
/// for web pages, texts, and where there is no fault.
std::optional<std::string> fault_document(surface route, int status,
                                          std::string_view body);

} // namespace rota
