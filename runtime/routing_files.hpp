#pragma once

#include "actors/setup.hpp"
#include "config/options.hpp"

#include <string>
#include <vector>

namespace rota {

/// What routing needs besides options: price table and failure rules, from the
/// files that the options name or from those that are built in.
struct routing_files {
  /// Null if there are any faults.
  routing_setup_ptr setup;
  /// "prices: FILE cannot be opened: ..." each: what is wrong with an option.
  std::vector<std::string> unreadable;
  /// Everything that is wrong within the files, as "FILE:LINE: key: ...".
  std::vector<std::string> faults;
};

routing_files load_routing(const options& x);

} // namespace rota
