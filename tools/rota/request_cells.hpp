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

/// "gpt-5-pro (priced as gpt-5)": the model, and how it was priced where that
/// may be wrong.
inline cell model_cell(const json& request) {
  const auto model = text(request, "model");
  const auto& price = field(request, "price");
  const auto basis = text(price, "basis");
  if (basis == "by_prefix")
    return {model + " (priced as " + text(price, "model") + ')',
            colour::yellow};
  if (basis == "unknown")
    return {model + " (price unknown)", colour::yellow};
  return {model};
}

inline std::string millis(const json& x, const char* key) {
  return fmt::format("{} ms", count(x, key));
}

} // namespace rota::cli
