#pragma once

#include "tools/rota/commands.hpp"

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

/// Watches a batch to its end: a bar that is redrawn on a terminal, a line
/// every ten seconds elsewhere, both on standard error. Then writes its
/// results and sums it up. Ctrl-C leaves the batch alone and says how to come
/// back.
/// @returns 0 if every line succeeded, else 1.
int follow(const context& x, client& rotad, const std::string& id,
           const result_files& files);

} // namespace rota::cli
