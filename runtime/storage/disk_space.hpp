#pragma once

#include "config/options.hpp"

#include <functional>
#include <optional>
#include <string>

namespace rota {

/// Bytes that may still be written where `path` is; nothing if nobody knows.
std::optional<uint64_t> free_bytes(const std::string& path);

/// What RocksDB may write by itself at any moment: all its buffers.
uint64_t background_bytes(const store_options& options);

/// The room on the store's disk. Two lines of defence, since RocksDB must never
/// meet a full disk: below `low_space_bytes` no new holds are made; and when
/// even the room for its own background writes is used up, by others, a ballast
/// file is given up and then nothing is written until there is room.
/// Not thread-safe.
class disk_space {
public:
  /// Told when room gets low, and when there is enough again: a quarter more.
  using listener = std::function<void(bool low, uint64_t free)>;

  /// @param store_dir The ballast lies beside it.
  disk_space(const std::string& store_dir, const store_options& options,
             listener f);

  /// Looks at the disk, and puts the ballast into place where there is room.
  void look();

  /// Whether so many bytes may be written; gives up the ballast for them.
  bool room_for(uint64_t bytes);

private:
  void take_ballast();

  std::string dir_;
  std::string ballast_;
  uint64_t ballast_bytes_;
  uint64_t low_below_;
  uint64_t enough_;
  uint64_t reserve_;
  listener listener_;
  bool has_ballast_ = false;
  bool low_ = false;
};

} // namespace rota
