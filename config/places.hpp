#pragma once

#include "config/options.hpp"

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

// Where the keys of a configuration file stand.

namespace rota {

/// The line of each key: "accounts[relay-a].api_key", the entries of lists
/// called as labels_of() calls them.
using key_lines = std::unordered_map<std::string, int>;

/// @returns The line of a key, or of the section that it would stand in; 0
/// where the file has neither.
int line_of(const key_lines& lines, std::string key);

/// @returns "#2", for the second entry of a list.
std::string numbered(size_t position);

/// @returns What tells each entry from the others: its name, or its number
/// where it has none that is good, or that of another one before it.
std::vector<std::string> labels_of(const std::vector<account_options>& x);
std::vector<std::string> labels_of(const std::vector<client_options>& x);

} // namespace rota
