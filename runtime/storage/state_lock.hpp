#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace rota {

/// Keeps daemons out of a store while it is being looked at, or replaced: a
/// lock on the file that RocksDB locks. A copy that was never opened has no
/// such file, and needs no lock. Any number may look at the same time, but only
/// one may replace. A process must not lock one store twice.
class state_lock {
public:
  enum class mode : uint8_t { look, replace };

  /// @param store_dir RocksDB's directory.
  explicit state_lock(const std::string& store_dir, mode how = mode::look);
  ~state_lock();
  state_lock(const state_lock&) = delete;
  state_lock& operator=(const state_lock&) = delete;

  /// The process that holds the store instead; 0 if nobody does.
  pid_t holder() const {
    return holder_;
  }

  /// Whether it keeps others out: there is a file to lock.
  bool is_held() const {
    return file_ >= 0 && holder_ == 0;
  }

private:
  int file_ = -1;
  pid_t holder_ = 0;
};

} // namespace rota
