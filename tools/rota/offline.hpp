#pragma once

#include "runtime/storage/state_lock.hpp"
#include "tools/rota/commands.hpp"

#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>

namespace rota::cli {

// For commands that read what a daemon left on disk.

/// Adds --state-dir.
void add_state_dir(CLI::App& command, std::string& dir);

/// @throws std::runtime_error with one sentence if there is no store in it.
void find_store(const std::string& dir);

/// A state that stands still while it is looked at: the daemon's own, with the
/// daemon kept out, or a copy that the running daemon has made.
class still_state {
public:
  /// @param private_copy Whether RocksDB will write to it: then it is a copy in
  ///                     any case.
  /// @throws unreachable if a daemon holds the state, but does not answer.
  /// @throws std::runtime_error with one sentence.
  still_state(const context& x, const std::string& dir, bool private_copy);

  /// Removes the copy, if it is one.
  ~still_state();

  still_state(const still_state&) = delete;
  still_state& operator=(const still_state&) = delete;

  const std::string& dir() const {
    return dir_;
  }

  /// Whether a daemon runs on the original.
  bool is_live() const {
    return live_;
  }

private:
  std::string dir_;
  std::string copy_;
  bool live_ = false;
  std::unique_ptr<state_lock> lock_;
};

/// Runs `f` in a child process and waits for it: RocksDB aborts the process
/// over some kinds of damage.
/// @param died Runs here if the child died of a signal, with what to say about
///             it; its result is the exit code then. Null: it is said.
/// @returns The exit code.
/// @throws std::runtime_error if it is no file's fault that the child ended: a
///         broken invariant of our own, or a signal from outside.
int run_apart(const std::function<int()>& f,
              const std::function<int(const std::string&)>& died = {});

} // namespace rota::cli
