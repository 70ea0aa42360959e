#pragma once

#include <functional>
#include <string>
#include <sys/types.h>

namespace rota::cli {

// For commands that read what a daemon left on disk.

/// Where a daemon keeps what survives it.
struct state_paths {
  std::string store;
  std::string batches;
};

/// The parts of a state directory, or of a copy of one.
/// @throws std::runtime_error with one sentence if there is no store in it.
state_paths find_state(const std::string& dir);

/// Runs `f` in a child process and waits for it: RocksDB aborts the process
/// over some kinds of damage.
/// @param died Runs here if the child died of a signal, which it is told; its
///             result is the exit code then.
/// @returns The exit code.
int run_apart(const std::function<int()>& f,
              const std::function<int(int signal)>& died);

} // namespace rota::cli
