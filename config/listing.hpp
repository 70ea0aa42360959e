#pragma once

#include <string>

namespace rota {

/// The annotated example: every option of the schema at its default with its
/// unit, bounds and reason, and two accounts. config/rota.example.yaml is
/// exactly this text; a test compares them.
std::string example_listing();

} // namespace rota
