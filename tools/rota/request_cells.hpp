#pragma once

#include "tools/rota/print.hpp"
#include "tools/rota/reply.hpp"

#include <fmt/format.h>

namespace rota::cli {

/// "refused: not_ready", in the colour of what became of the request.
inline cell outcome_cell(const json& request) {
  const auto outcome = text(request, "outcome");
  const auto error = text(request, "error");
  return {error.empty() ? outcome : outcome + ": " + error,
          outcome == "succeeded"                             ? colour::green
          : outcome == "client_left" || outcome == "stopped" ? colour::yellow
                                                             : colour::red};
}

inline std::string millis(const json& x, const char* key) {
  return fmt::format("{} ms", count(x, key));
}

} // namespace rota::cli
