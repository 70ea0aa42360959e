#pragma once

// The inside of `store`, shared by its sources.

#include "runtime/storage/chain.hpp"
#include "runtime/storage/store_keys.hpp"
#include "runtime/storage/codec.hpp"
#include "runtime/storage/database.hpp"
#include "runtime/storage/high_water.hpp"
#include "runtime/storage/store.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

namespace rota {

inline constexpr auto schema_key = "schema";

struct store::impl {
  /// What is known of an account while the store is open.
  struct account {
    account_head head;
    std::optional<account_row> row;
    /// Whether the group that is being written touches its head.
    bool touched = false;
    /// Whether it is among those touched since the high-water file was written.
    bool unmarked = false;
  };

  /// A result of the group that is being written.
  struct candidate {
    job_id id;
    size_t commit = 0;
    friend auto operator<=>(const candidate&, const candidate&) = default;
  };

  std::string dir;
  std::shared_ptr<fail_stop> failure;
  database base;
  uint32_t run = 0;
  uint64_t migrated_from = 0;
  bool mark_was_damaged = false;

  mutable std::mutex mutex; // Guards the next six.
  std::unordered_map<account_id, account> accounts;
  std::map<client_id, client_head> clients;
  std::unordered_map<std::string, account_id> names;
  uint64_t last_account = 0;
  uint64_t last_batch = 0;
  std::string oldest_record; ///< No key before this one; empty: not known.

  // Used by `write` only; they keep their memory.
  uint64_t next_segment = 1;
  rocksdb::WriteBatch out;
  std::string scratch;
  std::vector<ledger_entry> entries;
  entry_chain chain;
  std::vector<account*> touched;
  std::set<client_id> touched_clients;
  std::vector<candidate> results;
  std::atomic<uint64_t> duplicates = 0;

  // Records of requests, see store_records.cpp.
  std::atomic<int64_t> record_keep_ms = record_options{}.keep.count();
  std::atomic<uint64_t> record_max = record_options{}.max;
  std::atomic<uint64_t> records = 0;
  std::chrono::steady_clock::time_point pruned_at;

  // How far the store has come, see store_tend.cpp. Used by `write`, `tend` and
  // the destructor only.
  using steady = std::chrono::steady_clock;
  store_durability durability = store_durability::power;
  high_water mark;
  high_water_file mark_file;
  std::vector<account*> unmarked;
  steady::time_point marked_at;
  bool mark_is_old = false;
  /// Since when something is not synced yet.
  std::optional<steady::time_point> unsynced_since;

  // Opening; each returns one sentence if it fails.
  std::string refuse_newer(const std::string& theirs) const;
  std::string refuse_half_restored() const;
  std::string load_numbers();
  std::string migrate();
  std::string begin_run();
  std::string load_names();
  std::string load_accounts();
  std::string load_clients();
  std::string load_record_count();
  std::string check_batches();
  std::string check_ledger_end();
  std::string check_high_water();

  /// Of a store that RocksDB refuses, what can still be read against what was
  /// promised: a further sentence, or nothing.
  std::string extent_of_damage() const;

  /// Before RocksDB opens the store: it deletes tables that are not listed.
  std::string check_tables() const;

  // Parts of that, see store_tend.cpp.
  high_water present() const;
  std::string refuse_incomplete(const std::string& what) const;

  /// What to do about a store that is refused.
  std::string way_back() const;

  /// Writes what is staged in `batch`.
  /// @returns One sentence if it failed.
  /// @param promised It is to be on disk soon, if it is not synced here.
  std::string commit_batch(rocksdb::WriteBatch& batch, bool sync,
                           bool promised = true);
  bool must_sync(steady::time_point now) const;
  void touch(account& x, const chain_digest& before);
  std::string tend(steady::time_point now);
  std::string renew_mark(bool clean);

  // Parts of the migration from schema 1, see store_migrate.cpp.
  using chain_ends = std::unordered_map<account_id, ledger_entry>;
  std::string keep_copy(uint64_t from) const;
  std::string chain_segments(chain_ends& ends);
  std::string chain_heads(const chain_ends& ends);
  std::string flush_migrated();

  /// Reads a number of the meta family; `otherwise` where there is none.
  /// @returns Nothing if it cannot be read.
  std::optional<uint64_t> number(const std::string& key,
                                 uint64_t otherwise) const;

  account& known(account_id x) {
    auto& result = accounts[x];
    result.head.account = x;
    return result;
  }

  std::string damaged(const std::string& what) const {
    return "The store in " + dir + " is damaged: " + what
           + " cannot be read; nothing was changed. " + way_back();
  }

  /// Entries that can be read; reads the whole ledger.
  uint64_t entries_of(account_id x) const;

  std::string name_of(account_id x) const {
    const auto i = accounts.find(x);
    const auto known = i != accounts.end() && !i->second.head.name.empty();
    return "account " + (known ? i->second.head.name : std::to_string(x.value));
  }

  /// Raises the failure. @returns The sentence.
  std::string fail(std::string sentence) const {
    failure->raise(sentence);
    return sentence;
  }

  /// Calls `f(key, value)` for each record of a family until it returns false.
  /// @returns Whether RocksDB could read them.
  template <class F>
  bool scan(family which, F f) const {
    const std::unique_ptr<rocksdb::Iterator> i{
      base.db->NewIterator(scanning(), base[which])};
    for (i->SeekToFirst(); i->Valid(); i->Next())
      if (!f(view(i->key()), view(i->value())))
        return true;
    return i->status().ok();
  }

  void put(family which, const std::string& key, const auto& record) {
    scratch.clear();
    encode(scratch, record);
    out.Put(base[which], key, scratch);
  }

  // Parts of a group; each returns one sentence if it must not be written.
  std::string stage_books(const std::vector<commit_ptr>& group);
  void stage_heads();
  void stage_pins(const std::vector<commit_ptr>& group);
  std::string stage_results(const std::vector<commit_ptr>& group);
  void stage_records(const std::vector<commit_ptr>& group);

  /// How many records there are too many, once that is worth a removal.
  uint64_t surplus() const;

  steady::time_point prune_due() const;

  /// Removes some of the oldest records.
  std::string prune(steady::time_point now);
};

} // namespace rota
