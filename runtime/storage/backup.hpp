#pragma once

#include "messages/time.hpp"
#include "runtime/storage/check.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rota {

// A backup folder holds any number of backups. What they have in common lies
// there once:
//
//   store/             RocksDB's backups
//   files/SHA256       files of batches, and the high-water file, by digest
//   backup-N.manifest  what belongs to backup N; written last, so a backup
//                      without one is none. Text, its own SHA-256 at the end

struct backup_file {
  /// From the state directory.
  std::string name;
  std::string sha256;
  uint64_t bytes = 0;
};

struct backup_manifest {
  uint32_t number = 0;
  timestamp made_at;
  uint64_t schema = 0;
  uint64_t accounts = 0;
  uint64_t entries = 0;
  uint64_t batches = 0;
  uint64_t results = 0;
  std::vector<backup_file> files;
};

struct backup_result {
  backup_manifest made;
  /// What the state was found to be; where there are findings, nothing else
  /// was done.
  check_report checked;
  /// One sentence if it failed.
  std::string fault;
};

/// Checks a state directory that nobody writes to, backs it up into a folder,
/// and verifies what it has written.
/// @param state_dir Is written to: RocksDB opens it. Best a copy, see
///                  state_copy.hpp.
/// @param folder A directory with files but no backups is refused.
backup_result make_backup(const std::string& state_dir,
                          const std::string& folder, timestamp now);

struct backup_list {
  /// The oldest first.
  std::vector<backup_manifest> backups;
  /// One sentence for each manifest that cannot be read.
  std::vector<std::string> faults;
};

backup_list list_backups(const std::string& folder);

/// Compares every file of a backup with its checksum.
/// @returns One sentence if it is not whole.
std::string verify_backup(const std::string& folder,
                          const backup_manifest& x);

/// Removes all but the newest backups, and what belongs to none; of the latter
/// nothing while a manifest is damaged, for what that one names is not known.
/// @returns One sentence if it cannot.
std::string thin_out(const std::string& folder, uint32_t keep);

struct restore_result {
  check_report checked;
  /// Where the state that was there before lies now; empty if there was none.
  std::string replaced;
  std::string fault;
};

/// Verifies a backup, writes it beside the state, checks that, and only then
/// puts it in its place. While that is under way a file keeps daemons from
/// starting, see `restore_mark`; whatever was interrupted can be run again.
/// @param force Moves a state that is there aside; otherwise it is refused.
restore_result restore_backup(const std::string& folder,
                              const backup_manifest& x,
                              const std::string& state_dir, bool force,
                              timestamp now);

/// Exists while a restore replaces the state.
std::string restore_mark(const std::string& store_dir);

} // namespace rota
