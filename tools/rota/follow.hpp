#pragma once

#include "tools/rota/commands.hpp"

#include <cstdint>
#include <string>

namespace rota::cli {

/// Where results go once a batch has ended; empty: nowhere.
struct result_files {
  std::string out;
  std::string errors;

  bool to_stdout() const {
    return out == "-" || errors == "-";
  }
};

/// How a batch is followed.
struct following {
  result_files files;
  /// How long a daemon that went away is waited for, in seconds: a restart
  /// ends its calls in flight first, for up to 30 s.
  uint32_t reconnect_s = 120;
  /// Whether the daemon had the batch a moment ago: only then it is waited for.
  bool known = false;
};

/// Adds --reconnect.
void add_reconnect(CLI::App& command, following& how);

/// Watches a batch to its end: a bar that is redrawn on a terminal, a line
/// every ten seconds elsewhere, both on standard error. A daemon that is
/// started again meanwhile is waited for. Then writes its results and sums it
/// up. Ctrl-C leaves the batch alone and says how to come back.
/// @returns 0 if every line succeeded, else 1.
int follow(const context& x, client& rotad, const std::string& id,
           const following& how);

} // namespace rota::cli
