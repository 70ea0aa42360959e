#pragma once

#include "config/options.hpp"
#include "messages/batch.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// What one line of a batch file asks for.
struct planned_line {
  std::string custom_id;
  surface route = surface::openai_chat;
  std::string model;
  /// The request's JSON inside the line, byte for byte.
  std::string_view body;
  token_estimate tokens;
};

/// One fault of a file.
struct line_fault {
  uint64_t line = 0; ///< Or request, from 1; 0: the file as a whole.
  std::string code;  ///< "duplicate_custom_id"
  std::string text;  ///< What, and what to do.
};

/// Reads one line in a known format.
/// @returns The plan, or the fault (its `line` is left 0).
struct line_result {
  std::optional<planned_line> plan;
  line_fault fault;
};

/// @param number The line in the file, from 1; names bare requests.
line_result plan_line(batch_format format, std::string_view line,
                      uint64_t number, const batch_options& chosen,
                      const batch_limits& limits);

/// The same for a line that was let in already: however long it is.
line_result plan_accepted_line(batch_format format, std::string_view line,
                               uint64_t number, const batch_options& chosen,
                               const batch_limits& limits);

/// Tells the format by the first line that is not blank. Nothing: it is no
/// request; the file may be a whole document then (see batch_file.hpp).
std::optional<batch_format> detect_format(std::string_view first_line);

/// The format that the result of a line is written in: a bare request has none
/// of its own, and gets that of its protocol.
batch_format family_of(batch_format format, surface route);

/// The same for a line as it was planned; that of the file if it could not be.
batch_format family_of(batch_format format, const line_result& x);

/// Writes a result as one line (without the end) in the family of its input:
/// bare requests get OpenAI's, unless `family_of` says another. Bodies are
/// kept byte for byte but for line ends, which JSON allows to be blanks; what
/// came in place of an answer becomes an error object that says so, with a
/// status of 400 or more. An empty custom_id, that of a line that could not be
/// read, is written as null.
std::string format_result(batch_format format, const item_result& x);

/// Whether that line belongs into the error file, which OpenAI's family has,
/// and any file of bare requests.
bool is_error_line(batch_format format, const item_result& x);

} // namespace rota
