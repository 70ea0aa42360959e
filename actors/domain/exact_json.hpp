#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// A JSON value whose numbers are kept as they were written: money must not
/// pass through a double.
struct exact_json {
  enum class kind : uint8_t { null, boolean, number, string, array, object };

  kind what = kind::null;
  /// Where its key ends, from 1; an array's element may be told late.
  int line = 1;
  /// The key, where this is a member of an object.
  std::string name;
  /// A string's characters, a number's digits, "true" or "false".
  std::string text;
  /// An array's elements, an object's members in the order of the file.
  std::vector<exact_json> children;

  /// @returns A member, or null where there is none.
  const exact_json* find(std::string_view key) const;
};

struct exact_json_result {
  std::optional<exact_json> root;
  /// Half a sentence with line and column if the text is no JSON.
  std::string fault;
  /// The line of that fault.
  int line = 1;
};

exact_json_result parse_exact_json(std::string_view text);

/// Reads a JSON number, exponent included, into units of 10^-places. What lies
/// between two units is rounded up, but for a thousandth of a unit, which is
/// what a program leaves behind that wrote the number out of a double.
/// @returns Nothing if it is negative, no number, or beyond the range.
std::optional<int64_t> parse_units(std::string_view number, int places);

} // namespace rota
