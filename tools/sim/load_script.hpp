#pragma once

#include "tools/sim/options.hpp"
#include "tools/sim/reader.hpp"

namespace rota::sim {

/// Reads the rules of a script.
/// @param known Its accounts may be named, its directory holds body files.
void read_script(const YAML::Node& list, const options& known, faults& out,
                 std::vector<rule>& rules);

} // namespace rota::sim
