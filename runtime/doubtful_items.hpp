#pragma once

#include <string>

namespace rota {

class store;

/// Notes in each batch which lines an earlier run may have sent, see
/// note_doubtful_lines. To be called before any account of this run lives, for
/// holds end by time, and nobody would know then.
/// @returns One sentence if the store failed.
std::string note_doubtful_items(store& disk);

} // namespace rota
