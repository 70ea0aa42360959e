#pragma once

#include "actors/domain/price_reader.hpp"

namespace rota {

/// "2027-01-01", midnight in UTC.
std::optional<timestamp> parse_day(std::string_view text);

/// Reads x_peak: the hours in which a model costs more.
void read_peak(price_reader& in, model_price& x);

} // namespace rota
