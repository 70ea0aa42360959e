#pragma once

#include "config/options.hpp"

#include <rocksdb/db.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// The column families, in the order of their handles.
enum class family : size_t {
  meta,
  ledger,
  head,
  account,
  batch,
  result,
  record,
};

inline constexpr std::array family_names{
  "default", "ledger", "head", "account", "batch", "result", "record"};

inline std::string_view view(const rocksdb::Slice& x) {
  return {x.data(), x.size()};
}

inline rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions o;
  o.sync = true;
  return o;
}

/// For reading much, once: what is often asked for stays in the cache.
inline rocksdb::ReadOptions scanning() {
  rocksdb::ReadOptions o;
  o.fill_cache = false;
  return o;
}

/// Tells, once, that the store has failed: nothing more must be written.
class fail_stop {
public:
  using listener = std::function<void(const std::string&)>;

  explicit fail_stop(listener f) : listener_{std::move(f)} {
    // nop
  }

  /// Callable from any thread.
  void raise(const std::string& sentence) {
    if (!raised_.exchange(true) && listener_)
      listener_(sentence);
  }

  bool raised() const {
    return raised_;
  }

private:
  listener listener_;
  std::atomic<bool> raised_ = false;
};

/// What RocksDB says, in one line: some of its texts have several.
std::string text_of(const rocksdb::Status& x);

/// An open RocksDB with our options.
struct database {
  /// Of `write_buffer_bytes`, for all families together.
  static constexpr size_t buffers_in_memory = 3;

  std::unique_ptr<rocksdb::DB> db;
  std::array<rocksdb::ColumnFamilyHandle*, family_names.size()> handles{};

  /// Why it could not be opened: over damage, or as it may not be read.
  bool damaged = false, forbidden = false;

  ~database();

  rocksdb::ColumnFamilyHandle* operator[](family x) const {
    return handles[static_cast<size_t>(x)];
  }

  /// Opens or creates.
  /// @param failure Raised when RocksDB fails in the background.
  /// @returns One sentence if it cannot.
  std::string open(const std::string& dir, const store_options& options,
                   const std::shared_ptr<fail_stop>& failure);

  /// Whether damage is refused, or what can be read in spite of it is read: up
  /// to it in the log, around it in tables. Good for telling what is lost only.
  enum class reading { strict, lenient };

  /// Opens what is there for reading only; nothing on disk changes, not even
  /// the log of messages. Families that an earlier version lacks have no
  /// handle. Nobody may write meanwhile, or files may go away.
  /// @param env Where the files are; null: the file system.
  /// @returns One sentence if it cannot.
  std::string open_read_only(const std::string& dir,
                             reading how = reading::strict,
                             rocksdb::Env* env = nullptr);

  /// Column families on disk that this version does not know: a newer one has
  /// made them. Empty for a new directory.
  static std::vector<std::string> strangers(const std::string& dir);

  /// Reads one value of the meta family of a store that this version cannot
  /// open. Changes nothing on disk.
  static std::string peek(const std::string& dir, const std::string& key);
};

} // namespace rota
