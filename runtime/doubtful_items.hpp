#pragma once

#include <string>

namespace rota {

class store;

/// Notes in each batch that sends no line twice which lines an earlier run may
/// have sent: those for which money is still held. To be called before any
/// account of this run lives, for holds end by time, and nobody would know
/// then.
/// @returns One sentence if the store failed.
std::string note_doubtful_items(store& disk);

} // namespace rota
