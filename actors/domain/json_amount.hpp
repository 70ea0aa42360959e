#pragma once

#include "actors/domain/usd_ratio.hpp"
#include "messages/money.hpp"

#include <nlohmann/json.hpp>

#include <optional>

namespace rota {

enum class rounding { down, up };

/// The amount of USD that stands there, a number or one in quotes, exactly but
/// for the last nanodollar. Nothing where there is none, and beyond the range
/// of money.
std::optional<money> amount_at(const nlohmann::json& x,
                               const nlohmann::json::json_pointer& where,
                               usd_ratio unit, rounding way = rounding::down);

/// Nothing where one of them is missing, and beyond the range of money.
std::optional<money> difference(const std::optional<money>& x,
                                const std::optional<money>& y);

} // namespace rota
