#pragma once

#include <string>

namespace rota {

// A copy of a state directory has its shape: store, store.head and batches.
// What never changes is linked, so that a copy costs hardly any room.

/// Copies a state that no daemon holds. The original is not touched.
/// @param to Must not exist.
/// @returns One sentence if it cannot.
std::string copy_state(const std::string& state_dir, const std::string& to);

/// Links the files of batches into a copy.
/// @returns One sentence if it cannot.
std::string copy_batches(const std::string& from, const std::string& to);

/// Where this process puts a copy of its own beside a state, while it needs it.
std::string passing_copy(const std::string& state_dir);

/// Removes such copies of processes that are no more.
void remove_left_copies(const std::string& state_dir);

} // namespace rota
