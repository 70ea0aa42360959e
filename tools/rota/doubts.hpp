#pragma once

#include "tools/rota/client.hpp"

#include <string>

namespace rota::cli {

/// A table of calls that the provider may have run and charged without an
/// answer that rota saw; at most twenty, then how many more.
/// @param all How many there are, the list perhaps being shorter.
std::string doubt_table(const json& doubts, uint64_t all, bool colours);

} // namespace rota::cli
