#pragma once

#include "actors/domain/usd_ratio.hpp"
#include "config/account_options.hpp"
#include "messages/upstream.hpp"

#include <cstdint>
#include <optional>

namespace rota {

/// In what a new-api or one-api site counts and shows money: QuotaPerUnit and
/// its display settings, both its administrator's choice.
struct site_units {
  /// Units of quota that make one USD.
  int64_t per_usd = 500'000;
  /// USD for one of what its billing calls show.
  usd_ratio shown;
};

/// Whether a probe's answer can only be read with the site's units: those that
/// the operator wrote go before.
bool needs_units(const balance_options& x);

/// GET /api/status, which asks for them.
upstream_request compose_units(const balance_options& x);

/// @returns The usual ones where the site has no such call or does not say;
/// nothing where it failed, so that nobody knows.
std::optional<site_units> read_units(const upstream_outcome& x);

} // namespace rota
