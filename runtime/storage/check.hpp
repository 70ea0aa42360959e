#pragma once

#include "actors/domain/ledger_audit.hpp"
#include "messages/account.hpp"
#include "messages/batch.hpp"
#include "runtime/storage/high_water.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rota {

/// Something that is wrong with a store.
struct check_finding {
  /// The file or directory it is in.
  std::string file;
  /// By name, or by number where the name is lost; empty: of no account.
  std::string account;
  /// The entry of that account; 0: none in particular.
  uint64_t entry = 0;
  /// One sentence.
  std::string text;
  /// Whether the next start mends it, with nothing lost.
  bool mended_at_start = false;
};

/// An account's books as its entries make them.
struct checked_account {
  std::string name;
  account_head head;
  ledger_sums sums;
};

struct check_report {
  std::string dir;
  uint64_t schema = 0;
  /// Of the daemon that wrote it last.
  uint64_t run = 0;
  std::vector<checked_account> accounts;
  uint64_t entries = 0;
  uint64_t batches = 0;
  uint64_t results = 0;
  /// Of requests.
  uint64_t records = 0;
  /// Files of RocksDB and of batches whose sums were compared.
  uint64_t files = 0;
  /// The first of them; `finding_count` says how many there are.
  std::vector<check_finding> findings;
  uint64_t finding_count = 0;
  /// Why it could not be checked, in one sentence, which says nothing about
  /// the store; else empty.
  std::string unchecked;
  /// How far the store is, as its high-water file would say it.
  high_water mark;

  bool clean() const {
    return finding_count == 0 && unchecked.empty();
  }
};

struct check_target {
  /// RocksDB's directory. Nobody may write to it meanwhile.
  std::string store_dir;
  /// The files of batches.
  std::string batch_dir;
};

/// Reads everything that is on disk, changes nothing, and says what is wrong:
///
///   - every file of RocksDB against its checksum;
///   - every account's entries against each other (see ledger_audit.hpp), their
///     chain of digests, and the books that are stored;
///   - what clients have spent against the entries of their jobs;
///   - how far they go against the high-water file beside the store;
///   - every batch's counters against its results, every result against its
///     batch, and the charges of a batch against what its results cost;
///   - every record of a request, and how many there are;
///   - every batch's lines against their SHA-256, and the index against them.
///
/// Memory grows with accounts and batches, not with entries or results. RocksDB
/// may abort the process over a damaged file: best called in a child.
check_report check_store(const check_target& target);

} // namespace rota
