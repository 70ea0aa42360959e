#pragma once

#include <string>
#include <sys/types.h>

namespace rota {

/// Keeps daemons out of a store while it is being looked at: a shared lock on
/// the file that RocksDB locks. A copy that was never opened has no such file,
/// and needs no lock. Any number may look at the same time.
class state_lock {
public:
  /// @param store_dir RocksDB's directory.
  explicit state_lock(const std::string& store_dir);
  ~state_lock();
  state_lock(const state_lock&) = delete;
  state_lock& operator=(const state_lock&) = delete;

  /// The process that holds the store instead; 0 if nobody does.
  pid_t holder() const {
    return holder_;
  }

private:
  int file_ = -1;
  pid_t holder_ = 0;
};

} // namespace rota
