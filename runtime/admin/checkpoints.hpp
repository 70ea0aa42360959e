#pragma once

#include "runtime/storage/store.hpp"

#include <atomic>
#include <string>

namespace rota {

/// Copies of the state while the daemon runs, for who wants to check or keep
/// it. Each is a state directory of its own; who asked for it removes it. Those
/// that nobody removed go at the next start.
class checkpoints {
public:
  /// Removes what an earlier run has left.
  checkpoints(const store& disk, std::string state_dir);

  struct made {
    std::string dir; ///< Absolute.
    /// One sentence if it failed.
    std::string fault;
  };

  /// Thread-safe.
  made make();

private:
  const store& disk_;
  std::string state_dir_;
  std::string dir_;
  std::atomic<uint64_t> next_ = 1;
};

} // namespace rota
