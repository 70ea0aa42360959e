#pragma once

#include "messages/account_row.hpp"
#include "messages/batch.hpp"
#include "messages/ledger.hpp"

#include <string>
#include <utility>
#include <vector>

namespace rota {

/// What a store says of accounts and batches, read without the daemon.
struct state_snapshot {
  std::string dir;
  uint64_t schema = 0;
  uint64_t run = 0;
  /// Of requests.
  uint64_t records = 0;
  /// By name.
  std::vector<std::pair<account_head, account_row>> accounts;
  /// The oldest first, with the counts of all results that are there.
  std::vector<std::pair<batch_row, batch_counts>> batches;
  /// One sentence if it cannot be read.
  std::string fault;
};

/// Reads RocksDB's directory; changes nothing. Beside a running daemon this
/// shows a moment ago.
state_snapshot snapshot_of(const std::string& store_dir);

/// The same of a backup, where it lies.
state_snapshot snapshot_of_backup(const std::string& folder, uint32_t number);

} // namespace rota
