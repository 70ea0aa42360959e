#pragma once

#include "config/options.hpp"
#include "messages/batch.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  uint64_t line = 0; ///< From 1; 0: the file as a whole.
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

/// Tells the format by the first line that is not blank. Nothing: it is no
/// request; the file may be a whole document then (see `is_folded`).
std::optional<batch_format> detect_format(std::string_view first_line);

/// Whether a file that begins so is one document {"requests":[...]}, as
/// Anthropic's SDKs send it. A few hundred bytes are enough.
bool is_folded(std::string_view head);

/// Hands over each element of such a document as a line of its own, its line
/// ends made blanks. Reads the document as a whole, in about twice its size.
/// @returns false if it is no such document; lines may have been handed over.
bool unfold_requests(std::string_view document,
                     const std::function<void(std::string_view)>& line);

/// What a whole file was found to be.
struct file_report {
  batch_format format = batch_format::openai;
  uint64_t lines = 0;   ///< Lines that are not blank.
  uint64_t valid = 0;
  std::vector<line_fault> faults; ///< At most `max_faults`, in line order.
  uint64_t fault_count = 0;
  token_estimate tokens;
  std::map<std::string, uint64_t> models;
  money list_cost_max;
};

/// Validates a file line by line in memory that does not grow with the bodies:
/// 16 bytes for each custom_id, a fingerprint and a line number. The first of
/// two lines of one name is good, the later one is not.
class file_validator {
public:
  static constexpr size_t max_faults = 1'000;

  /// `serves` says whether any account serves a model on a route; `cost` is
  /// the list price of a plan; `seed` makes fingerprints unpredictable.
  file_validator(batch_options chosen, batch_limits limits,
                 std::function<bool(surface, const std::string&)> serves,
                 std::function<money(const planned_line&)> cost,
                 uint64_t seed = 0);
  ~file_validator();

  /// Takes the next line, without its end; blank lines count as lines of the
  /// file but not as items.
  void line(std::string_view text);

  /// Ends the file. Lines whose fingerprints are alike are in `suspects`;
  /// each must be given to `confirm`, in that order, before `report`.
  void finish();

  /// Line numbers whose custom_id may stand twice; sorted.
  const std::vector<uint64_t>& suspects() const;

  /// Takes a suspect's line again.
  void confirm(uint64_t number, std::string_view text);

  const file_report& report() const;

  /// Line numbers that must not run; sorted. Complete, whatever `max_faults`.
  const std::vector<uint64_t>& bad_lines() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Writes a result as one line (without the end) in the family of its input:
/// bare requests get OpenAI's. Bodies are kept byte for byte but for line ends,
/// which JSON allows to be blanks; a body that is no JSON becomes an error
/// object with its first bytes as the message. An empty custom_id, that of a
/// line that could not be read, is written as null.
std::string format_result(batch_format format, const item_result& x);

/// Whether that line belongs into the error file, which OpenAI's family has.
bool is_error_line(batch_format format, const item_result& x);

} // namespace rota
