#pragma once

#include "actors/setup.hpp"
#include "config/options.hpp"
#include "runtime/api/client_list.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rota {

/// Everything that a start or a reload reads: the configuration file and the
/// files and variables that it refers to.
struct configuration {
  options opts;
  routing_setup_ptr routing;
  std::shared_ptr<client_list> clients;
  /// Every fault of all files, each as "FILE:LINE: key: what is wrong; what
  /// would be right". The rest is only to be used where there are none.
  std::vector<std::string> faults;
  /// What is perhaps a slip, each as above; it may be used all the same.
  std::vector<std::string> warnings;
};

/// Reads a configuration file, and looks at its secrets, certificates, price
/// table and failure rules.
[[nodiscard]] configuration load_configuration(const std::string& path);

} // namespace rota
