#pragma once

#include <nlohmann/json.hpp>

#include <string_view>

namespace rota {

/// Reads what a stranger wrote. Each level of nesting costs far more memory
/// than its byte, and copying or writing such a value recurses: what is nested
/// deeper than `depth_max` is no JSON to us.
/// @returns A discarded value for that, and for what is no JSON.
nlohmann::json parse_bounded(std::string_view text, int depth_max = 128);

} // namespace rota
