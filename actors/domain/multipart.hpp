#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace rota {

/// One part of a form; the views point into its body.
struct form_part {
  std::string_view name;
  std::string_view content;
  bool is_file = false;
};

/// Whether a body is a form in parts (RFC 7578).
bool is_form(std::string_view content_type);

/// The parts of a form, in their order. Reads no more than their heads.
/// @returns Nothing if it has no boundary, or does not end with it, or if a
/// part lacks its name.
std::optional<std::vector<form_part>> parse_form(std::string_view content_type,
                                                 std::string_view body);

} // namespace rota
