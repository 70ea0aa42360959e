#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rota {

// Forms of files and fields (multipart/form-data, RFC 7578), as clients send
// pictures and sound. Pure; views point into the body.

/// @returns The boundary that a content type names; nothing where it is none of
///          a form.
std::optional<std::string> form_boundary(std::string_view content_type);

/// One part of a form.
struct form_part {
  std::string_view name;
  std::string_view value;
  bool is_file = false;
};

/// Takes the next part off the front of a form's body.
/// @returns Nothing at its end, and where it is no form any more.
std::optional<form_part> next_form_part(std::string_view& body,
                                        std::string_view boundary);

} // namespace rota
