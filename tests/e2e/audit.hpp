#pragma once

#include "messages/money.hpp"
#include "tests/e2e/stage.hpp"

#include <cstdint>
#include <string>

namespace rota {

/// An amount as the admin API and the simulator say it.
money usd(const json& text);

/// Requires that a batch has ended well and that each of its lines, id-0,
/// id-1, ..., has exactly one result.
/// @param in_doubt_most So many may have been given up since the daemon ended
///                      under them again and again.
void check_output(stage& on, const std::string& batch, uint64_t lines,
                  uint64_t in_doubt_most = 0);

/// Requires that whatever the provider ran twice, or charged beyond what our
/// books say, is listed in doubt.
/// @param lines Lines of all batches that have ended.
void check_books(stage& on, uint64_t lines);

/// Requires that a store can be opened again and that all chains are whole. The
/// daemon must not run.
void check_store(const stage& on);

} // namespace rota
