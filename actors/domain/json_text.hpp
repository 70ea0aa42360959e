#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// Whether a text is one JSON document in UTF-8.
bool is_json(std::string_view text);

/// Where a member of a JSON object stands that is itself an object: its bytes
/// inside of `object`, from brace to brace. Nothing if there is no such
/// member, or if it is something else.
std::optional<std::string_view> member_object(std::string_view object,
                                              std::string_view name);

/// A JSON text with its line ends made blanks. In JSON they can only stand
/// between tokens, so nothing else changes.
std::string on_one_line(std::string_view json);

/// A JSON text with 0 for each number that is longer than any machine's: where
/// only its form matters. What is no number stays.
std::string with_short_numbers(std::string_view json);

/// A JSON string with its quotes; bytes that are no UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

/// The first bytes of a text, not cut inside of a UTF-8 character.
std::string_view head_of(std::string_view text, size_t bytes_max);

/// The text without blanks and line ends around it.
std::string_view trimmed(std::string_view text);

/// The same, without the mark of the byte order that some sites set before a
/// document.
std::string_view document_in(std::string_view body);

} // namespace rota
