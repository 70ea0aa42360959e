#include "runtime/storage/database.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include <atomic>
#include <filesystem>

namespace rota {

namespace {

constexpr size_t cache_bytes = 8 << 20;

/// Stops the daemon when a flush or compaction fails: RocksDB's own recovery
/// from a full disk aborts or sticks, while a reopened store has everything
/// that was acknowledged.
class failure_listener : public rocksdb::EventListener {
public:
  explicit failure_listener(std::function<void(const std::string&)> f)
    : on_failure_{std::move(f)} {
    // nop
  }

  void OnBackgroundError(rocksdb::BackgroundErrorReason,
                         rocksdb::Status* status) override {
    if (!told_.exchange(true))
      on_failure_("The store failed in the background: " + status->ToString()
                  + "; check the disk, then start rotad again.");
  }

private:
  std::function<void(const std::string&)> on_failure_;
  std::atomic<bool> told_ = false;
};

rocksdb::DBOptions
db_options(const store_options& x,
           const std::shared_ptr<rocksdb::EventListener>& listener) {
  rocksdb::DBOptions o;
  o.create_if_missing = true;
  o.create_missing_column_families = true;
  // The default loses acknowledged writes behind a damaged byte silently; this
  // one tolerates a torn tail only.
  o.wal_recovery_mode
    = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  o.track_and_verify_wals_in_manifest = true;
  o.recycle_log_file_num = 0;
  o.paranoid_checks = true;
  o.fail_if_options_file_error = true;
  o.verify_sst_unique_id_in_manifest = true;
  o.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  o.max_bgerror_resume_count = 0; // We stop and reopen instead.
  o.max_background_jobs = 2;
  o.max_total_wal_size = uint64_t{128} << 20;
  o.db_write_buffer_size = x.write_buffer_bytes * 3;
  o.max_open_files = 256;
  o.keep_log_file_num = 4;
  o.max_log_file_size = 4 << 20;
  o.listeners.push_back(listener);
  return o;
}

rocksdb::ColumnFamilyOptions
family_options(const store_options& x,
               const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rocksdb::ColumnFamilyOptions o;
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  o.write_buffer_size = x.write_buffer_bytes;
  o.max_write_buffer_number = 2;
  o.force_consistency_checks = true;
  o.level_compaction_dynamic_level_bytes = true;
  o.compression = rocksdb::kLZ4Compression;
  return o;
}

std::string sentence(const std::string& dir, const rocksdb::Status& status) {
  const auto text = status.ToString();
  const auto says = [&text](const char* x) {
    return text.find(x) != std::string::npos;
  };
  if (says("lock "))
    return "Another process holds the store in " + dir
           + "; stop that rotad, or choose another state_dir.";
  if (status.IsCorruption())
    return "The store in " + dir + " is damaged: " + text
           + "; nothing was changed. Restore it from a backup.";
  if (says("No space left"))
    return "The disk of " + dir + " is full; free some space and start again.";
  return "The store in " + dir + " cannot be opened: " + text
         + "; check that the directory may be written.";
}

} // namespace

database::~database() {
  if (!db)
    return;
  for (auto* handle : handles)
    if (handle != nullptr)
      db->DestroyColumnFamilyHandle(handle);
  db->Close();
}

std::string
database::open(const std::string& dir, const store_options& options,
               std::function<void(const std::string&)> on_failure) {
  std::error_code err;
  std::filesystem::create_directories(dir, err);
  if (err)
    return "The directory " + dir + " cannot be made: " + err.message()
           + "; correct state_dir.";
  const auto listener
    = std::make_shared<failure_listener>(std::move(on_failure));
  const auto cache = rocksdb::NewLRUCache(cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const auto* name : family_names)
    families.emplace_back(name, family_options(options, cache));
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::Open(db_options(options, listener), dir,
                                        families, &opened, &raw);
  if (!status.ok())
    return sentence(dir, status);
  db.reset(raw);
  std::copy(opened.begin(), opened.end(), handles.begin());
  return {};
}

} // namespace rota
