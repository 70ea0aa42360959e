#pragma once

#include "tools/rota/print.hpp"

#include <string>

// What the accounts can do for a batch file, as `rota estimate` and `rota
// submit` say it.

namespace rota::cli {

/// "at most 0.10 USD at list price", and what that comes to where accounts
/// charge otherwise.
std::string cost_text(const json& report);

/// What the accounts have that can serve it; empty where no line is sound.
cell pool_cell(const json& report);

/// A sentence for each model whose price is guessed or another one's, each in
/// a line of its own.
std::string price_notes(const json& report);

} // namespace rota::cli
