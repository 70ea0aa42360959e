#pragma once

#include "config/options.hpp"
#include "config/places.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rota {

/// What a configuration file says.
struct load_result {
  /// Only to be used where there are no faults.
  options opts;
  /// Every fault of the file, in the order of its lines, each as
  /// "FILE:LINE: key: what is wrong; what would be right".
  std::vector<std::string> faults;
  key_lines lines;

  /// @returns ":12" for a key, or for the section that it would stand in;
  /// nothing where the file has neither.
  std::string place_of(const std::string& key) const;
};

/// A file of 10,000 accounts with every option spelt out takes about 10 MB;
/// more is no configuration.
inline constexpr uint64_t config_bytes_max = 16 * 1'024 * 1'024;

/// Reads a configuration file. Secrets are not looked at; see check_secrets.
[[nodiscard]] load_result load_options(const std::string& path);

/// Reads the text of a configuration file.
/// @param name What messages call the file.
[[nodiscard]] load_result parse_options(const std::string& yaml,
                                        const std::string& name);

} // namespace rota
