#pragma once

// The inside of `check_store`, shared by its sources.

#include "messages/money_sum.hpp"
#include "runtime/storage/check.hpp"
#include "runtime/storage/codec.hpp"
#include "runtime/storage/database.hpp"

#include <map>
#include <optional>
#include <set>

namespace rota {

class checker {
public:
  checker(const check_target& target, check_report& out)
    : target_{target}, out_{out} {
    // nop
  }

  void run();

private:
  /// One account while its entries pass by.
  struct books {
    explicit books(account_id x) : audit{x} {
      // nop
    }
    ledger_audit audit;
    /// The store has a head for it.
    bool stored = false;
  };

  /// A batch while its results pass by.
  struct tally {
    batch_row row;
    batch_counts before_cursor;
    batch_counts all;
    /// Charged by the ledger for its calls.
    money_sum charged;
  };

  // check.cpp
  bool open();
  std::string newer(const std::string& theirs) const;
  void tables();
  void first_records();
  void names();

  // check_ledger.cpp
  void ledger();
  void entry(const ledger_entry& x);
  void heads();
  void account_rows();
  void clients();
  void responses();

  void high_water_mark();
  void records();

  // check_batches.cpp
  void batches();
  void results();
  void result(std::string_view key, std::string_view value);
  void counters(const tally& x);
  void files_of(const batch_row& x);
  void lines_of(const batch_row& x, const std::string& stem);

  void find(std::string text) {
    find({target_.store_dir, {}, 0, std::move(text)});
  }

  void find(check_finding x);

  /// "relay-a", or "account 3" where the name is lost.
  std::string name_of(account_id x) const;

  /// Calls `f(key, value)` for each record of a family. What RocksDB cannot
  /// read is a finding.
  template <class F>
  void scan(family which, const char* what, F f) {
    if (base_[which] == nullptr)
      return; // An earlier version did not have it.
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> i{
      base_.db->NewIterator(options, base_[which])};
    const auto view = [](const rocksdb::Slice& x) {
      return std::string_view{x.data(), x.size()};
    };
    for (i->SeekToFirst(); i->Valid(); i->Next())
      f(view(i->key()), view(i->value()));
    if (!i->status().ok())
      unreadable(what, i->status());
  }

  void unreadable(const std::string& what, const rocksdb::Status& status);

  const check_target& target_;
  check_report& out_;
  database base_;
  std::map<account_id, std::string> names_;
  uint64_t store_id_ = 0;
  uint64_t last_account_ = 0;
  uint64_t record_count_ = 0;
  uint64_t last_batch_ = 0;
  std::map<account_id, books> books_;
  std::map<client_id, client_head> clients_;
  std::set<client_id> set_back_; // Under whom the clock was set back.
  std::map<batch_id, tally> batches_;
};

} // namespace rota
