#pragma once

#include "actors/setup.hpp"
#include "config/options.hpp"

#include <string>
#include <vector>

namespace rota {

/// What routing needs besides options: price table and failure rules, from the
/// files that the options name or from those that are built in.
struct routing_files {
  routing_setup_ptr setup;
  /// One sentence each; `setup` is null if there are any.
  std::vector<std::string> faults;
};

routing_files load_routing(const options& x);

} // namespace rota
