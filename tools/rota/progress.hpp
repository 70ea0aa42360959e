#pragma once

#include "tools/rota/client.hpp"

#include <string>

namespace rota::cli {

/// One line that says how a batch fares, fitted into a width: a bar where
/// there is room for one, then done/failed/in flight, rate, spent, time left.
std::string progress_line(const json& batch, size_t width);

/// Whether a batch has come to its end.
bool has_ended(const json& batch);

/// Watches a batch to its end: a bar that is redrawn on a terminal, a line
/// every ten seconds elsewhere. Ctrl-C leaves the batch alone.
/// @returns The batch as it was last seen; `interrupted` if by Ctrl-C.
struct watched {
  json batch;
  bool interrupted = false;
};

watched watch(client& rotad, const std::string& id);

} // namespace rota::cli
