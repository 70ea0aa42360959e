#pragma once

#include "config/options.hpp"
#include "messages/account.hpp"
#include "messages/batch.hpp"
#include "messages/envelopes.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rota {

/// The store on disk: RocksDB, one directory, one process. Everything that is
/// written is synced before `write` returns. Thread-safe; `write` is meant for
/// one thread.
///
/// Column families: meta (schema, run, names of accounts), ledger (segments of
/// entries by number), head and account (by account id), batch (by id), result
/// (by batch and item).
class store {
public:
  /// The version of all that is written. Raised with a migration.
  static constexpr uint32_t schema = 1;

  struct opened {
    std::unique_ptr<store> disk;
    /// One sentence where `disk` is null.
    std::string fault;
  };

  /// Opens or creates the store in `dir` and begins a new run.
  /// @param on_failure Called once, from any thread, when RocksDB fails in the
  ///                   background: nothing more must be written.
  static opened open(const std::string& dir, const store_options& options,
                     std::function<void(const std::string&)> on_failure);

  ~store();

  /// Number of this run of the daemon, from 1.
  uint32_t run() const;

  // -- accounts ---------------------------------------------------------------

  /// An account's number; a new name is given one for ever.
  account_id id_of(const std::string& name);

  /// Its books and its row as of the last write; empty for a new account.
  account_head head_of(account_id x) const;
  std::optional<account_row> row_of(account_id x) const;

  /// All entries of an account, in order. Reads the whole ledger.
  void for_each_entry(account_id x,
                      const std::function<void(const ledger_entry&)>& f) const;

  // -- batches ----------------------------------------------------------------

  /// A number for a new batch; never given twice.
  batch_id next_batch_id();
  std::vector<batch_row> batches() const;
  std::optional<batch_row> batch(batch_id x) const;

  /// Where a batch goes on: its results behind the cursor.
  batch_resume resume_of(const batch_row& x) const;

  /// The results of a batch in the order of its lines, from an item on, until
  /// `f` returns false. Bounded memory.
  /// @returns False if one is damaged.
  bool for_each_result(batch_id x, uint64_t from_item,
                       const std::function<bool(const item_result&)>& f) const;

  // -- writing ----------------------------------------------------------------

  /// Writes a group of commits: all of it or nothing, synced. The heads of the
  /// accounts are derived from the entries here, and entries that do not
  /// continue the books are refused.
  /// @returns One sentence if it failed; then nothing must be written any more.
  std::string write(const std::vector<commit_ptr>& group);

private:
  struct impl;
  explicit store(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace rota
