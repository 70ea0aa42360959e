#pragma once

#include "tools/rota/client.hpp"

#include <cstdint>
#include <string>

namespace rota::cli {

/// Writes what a path of the API streams into a file, under a temporary name
/// until it is whole. "-" is standard output.
/// @returns How many lines there were.
uint64_t save_lines(client& from, const std::string& path,
                    const std::string& file);

} // namespace rota::cli
