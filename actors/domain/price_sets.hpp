#pragma once

#include "actors/domain/price_reader.hpp"

namespace rota {

/// The key without which nothing is priced by token.
inline constexpr std::string_view input_key = "input_cost_per_token";

/// Reads the token prices of a model's row, and of a later one in x_schedule,
/// for each tier of service.
/// @param first The model's own row, where `from` is a later one: what that
///              does not say keeps its relation to it.
dated_prices read_tiers(price_reader& in, const exact_json& from,
                        const dated_prices* first);

} // namespace rota
