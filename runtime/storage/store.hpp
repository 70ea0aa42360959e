#pragma once

#include "config/options.hpp"
#include "messages/account_row.hpp"
#include "messages/batch.hpp"
#include "messages/client.hpp"
#include "messages/envelopes.hpp"
#include "runtime/storage/schema.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rota {

/// The store on disk: RocksDB, one directory, one process. Thread-safe; `write`
/// and `tend` are meant for one thread.
///
/// Column families: meta (schema, run, names of accounts, heads of clients,
/// keepers of responses; RocksDB calls it default), ledger (segments of entries
/// by number), head and account (by account id), batch (by id), result (by
/// batch and item), record (of requests, by run and item). Keys are big-endian.
///
/// What cannot be read or written once the store is open is a reason to stop:
/// `on_failure` is told once, and nothing is written from then on.
class store {
public:
  static constexpr auto schema = store_schema;

  struct opened {
    std::unique_ptr<store> disk;
    /// One sentence where `disk` is null.
    std::string fault;
  };

  /// Opens or creates the store in `dir` and begins a new run. A store of an
  /// earlier schema is brought to this one first, after a copy of it was put
  /// beside; a migration that was interrupted goes on. A store that lacks
  /// anything of what it once had is refused, and nothing in it is changed.
  /// @param on_failure Called once, from any thread, when the store fails:
  ///                   nothing more must be written.
  static opened open(const std::string& dir, const store_options& options,
                     std::function<void(const std::string&)> on_failure);

  /// Makes the high-water file of a store anew from what is there: whoever puts
  /// back a backup says by this that nothing more is to be expected.
  /// @returns One sentence if it cannot.
  static std::string vouch(const std::string& dir);

  /// Says in the high-water file, too, that the daemon stopped in order.
  ~store();

  /// Number of this run of the daemon, from 1.
  uint32_t run() const;

  /// The schema that this opening migrated from; 0 if it did not.
  uint64_t migrated_from() const;

  /// Whether one slot of the high-water file was damaged: what is missing may
  /// then go unnoticed in part. This opening has written it anew.
  bool mark_was_damaged() const;

  // -- accounts ---------------------------------------------------------------

  /// An account's number; a new name is given one for ever. It is durable no
  /// later than the first thing that is written about the account.
  /// @throws std::runtime_error if the store fails.
  account_id id_of(const std::string& name);

  /// Whether the name has a number.
  bool has_account(const std::string& name) const;

  /// Its books and its row as of the last write; empty for a new account.
  account_head head_of(account_id x) const;
  std::optional<account_row> row_of(account_id x) const;

  /// All accounts that have books, those no longer configured included.
  std::vector<account_head> heads() const;

  /// All entries of an account, in order. Reads the whole ledger.
  /// @returns False if a segment is damaged; later ones are not read.
  [[nodiscard]] bool
  for_each_entry(account_id x,
                 const std::function<void(const ledger_entry&)>& f) const;

  /// The last entries of all accounts, in order: at least so many, in whole
  /// segments, if there are as many.
  /// @throws std::runtime_error if a segment is damaged.
  std::vector<ledger_entry> ledger_tail(size_t least) const;

  // -- clients ----------------------------------------------------------------

  /// A client's head as of the last write; a new name is given a number for
  /// ever, as an account's is.
  /// @throws std::runtime_error if the store fails.
  client_head client_of(const std::string& name);
  bool has_client(const std::string& name) const;

  /// All clients there ever were.
  std::vector<client_head> clients() const;

  /// Which account keeps which response, in no order.
  /// @throws std::runtime_error if one cannot be read.
  std::vector<response_pin> response_pins() const;

  // -- batches ----------------------------------------------------------------

  /// A number for a new batch; never given twice.
  /// @throws std::runtime_error if the store fails.
  batch_id next_batch_id();

  /// All batches, the oldest first.
  std::vector<batch_row> batches() const;
  std::optional<batch_row> batch(batch_id x) const;

  /// Where a batch goes on: its results behind the cursor.
  batch_resume resume_of(const batch_row& x) const;

  /// The results of a batch in the order of its lines, from an item on, until
  /// `f` returns false. Bounded memory; sees what was written until the call.
  /// @returns False if one is damaged.
  [[nodiscard]] bool
  for_each_result(batch_id x, uint64_t from_item,
                  const std::function<bool(const item_result&)>& f) const;

  // -- records of requests ----------------------------------------------------

  /// Which records stay; the others are removed by and by.
  void keep_records(const record_options& x);

  /// How many there are.
  uint64_t records() const;

  /// The record of a request, if it is there still.
  std::optional<usage_record> find_record(const request_id& x) const;

  /// The records from the newest to the oldest, until `f` returns false. Sees
  /// what was written until the call; bounded memory.
  /// @returns False if one is damaged.
  [[nodiscard]] bool
  for_each_record(const std::function<bool(const usage_record&)>& f) const;

  /// Makes a copy of the store as it is now in a directory that does not exist,
  /// and of its high-water file beside that. Tables are linked.
  /// @returns One sentence if it cannot.
  std::string copy_to(const std::string& dir) const;

  // -- writing ----------------------------------------------------------------

  /// Writes a group of commits: all of it or nothing. It is synced, or, by
  /// `durability: process`, with the operating system. The heads, those of
  /// clients too, are derived from the entries here, and entries that do not
  /// continue the books are refused. A result of a line that has one already is
  /// not written: the first stays. A group of records alone is not synced: the
  /// next that is synced takes it along.
  /// @returns One sentence if it failed; then nothing is written any more.
  std::string write(const std::vector<commit_ptr>& group);

  /// When `tend` wants to be called; nothing while there is nothing to do.
  std::optional<std::chrono::steady_clock::time_point> due() const;

  /// Does what is due: syncs what is not yet, renews the high-water file,
  /// removes records that are too old or too many.
  /// @returns One sentence if it failed; then nothing is written any more.
  std::string tend();

  /// Results that were not written because their line had ended before.
  uint64_t duplicates() const;

private:
  struct impl;
  explicit store(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace rota
