#pragma once

#include <cstdint>
#include <string>

namespace rota {

/// The list of tables, RocksDB's MANIFEST, as it was at one moment. RocksDB
/// only appends to it and begins another under a higher number. It notices
/// damage within, but takes a list whose end is missing for an earlier one:
/// tables are forgotten then, and deleted.
struct manifest_mark {
  uint64_t number = 0; ///< 0: none.
  uint64_t bytes = 0;
  uint32_t crc = 0; ///< CRC-32C of that much of it.
  friend bool operator==(const manifest_mark&, const manifest_mark&) = default;
};

/// The list that is in use, synced first: what is promised must be on disk.
/// @param last What this said the last time: read again only if it has grown.
/// @returns Nothing but zeros if it cannot be read.
manifest_mark mark_manifest(const std::string& store_dir,
                            const manifest_mark& last = {});

/// What the list lacks of what was promised, as half a sentence; empty if
/// nothing. A list that was begun since is not judged, and one that cannot be
/// read is left to RocksDB, which refuses it.
std::string lacks(const manifest_mark& promised, const std::string& store_dir);

} // namespace rota
