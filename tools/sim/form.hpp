#pragma once

#include <string_view>
#include <vector>

namespace rota::sim {

/// A field of a form in parts; the views point into the body.
struct form_field {
  std::string_view name;
  std::string_view value;
};

bool is_form(std::string_view content_type);

/// Reads a form; what is no part of one is left out.
std::vector<form_field> read_form(std::string_view content_type,
                                  std::string_view body);

} // namespace rota::sim
