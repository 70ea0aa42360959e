#pragma once

#include "tools/sim/options.hpp"

#include <string>
#include <vector>

namespace rota::sim {

struct load_result {
  /// Only to be used where there are no faults.
  options opts;
  /// Every fault in the order of the lines, each as
  /// "FILE:LINE: key: what is wrong; what would be right".
  std::vector<std::string> faults;
};

/// Reads a simulator's file.
[[nodiscard]] load_result load_options(const std::string& path);

/// Reads the text of a simulator's file.
/// @param name What messages call the file.
/// @param directory Where `body_file` looks.
[[nodiscard]] load_result parse_options(const std::string& yaml,
                                        const std::string& name,
                                        const std::string& directory = ".");

struct script_result {
  std::vector<rule> rules;
  std::vector<std::string> faults;
};

/// Reads a script alone, YAML or JSON: a list of rules, or {script: [...]}.
/// @param known Whose accounts rules may name.
[[nodiscard]] script_result parse_script(const std::string& yaml,
                                         const options& known);

} // namespace rota::sim
