#include "runtime/storage/database.hpp"

#include "runtime/storage/files.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <filesystem>

namespace rota {

namespace {

// All that the store keeps in memory: the block cache, which holds indexes and
// filters as well, and the write buffers of all families together.
constexpr size_t cache_bytes = 8 << 20;

/// Written but not yet in table files; a start reads it again.
constexpr uint64_t wal_bytes = uint64_t{64} << 20;

/// Stops the daemon when a flush or compaction fails: RocksDB's own recovery
/// from a full disk aborts or sticks, while a reopened store has everything
/// that was acknowledged.
class failure_listener : public rocksdb::EventListener {
public:
  explicit failure_listener(std::shared_ptr<fail_stop> x)
    : failure_{std::move(x)} {
    // nop
  }

  void OnBackgroundError(rocksdb::BackgroundErrorReason,
                         rocksdb::Status* status) override {
    failure_->raise("The store failed in the background: " + text_of(*status)
                    + "; check the disk, then start rotad again.");
  }

private:
  std::shared_ptr<fail_stop> failure_;
};

/// RocksDB's messages are of no use to who only reads, and would be written
/// beside what is read.
class silent_log : public rocksdb::Logger {
public:
  using rocksdb::Logger::Logv;

  void Logv(const char*, va_list) override {
    // nop
  }
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
  o.max_total_wal_size = wal_bytes;
  o.db_write_buffer_size
    = x.write_buffer_bytes * database::buffers_in_memory;
  o.max_open_files = 256;
  o.keep_log_file_num = 4;
  o.max_log_file_size = 4 << 20;
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  o.listeners.push_back(listener);
  return o;
}

rocksdb::ColumnFamilyOptions
family_options(family which, const store_options& x,
               const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.block_size = 16 << 10;
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
  if (which == family::result) {
    // Each new result is looked for before it is written, to no avail.
    o.memtable_prefix_bloom_size_ratio = 0.02;
    o.memtable_whole_key_filtering = true;
  }
  return o;
}

/// The logs of a store: RocksDB says of one that it is damaged, but not which.
std::string logs_of(const std::string& dir) {
  std::string result;
  std::error_code ignored;
  for (const auto& x : std::filesystem::directory_iterator{dir, ignored})
    if (x.path().extension() == ".log")
      result += (result.empty() ? "" : " or ") + x.path().string();
  return result;
}

std::string sentence(const std::string& dir, const rocksdb::Status& status) {
  const auto text = text_of(status);
  const auto says = [&text](const char* x) {
    return text.find(x) != std::string::npos;
  };
  // In words only: RocksDB has no code for it.
  if (status.IsIOError()
      && (says("lock hold by current process") || says("While lock file")))
    return "Another process holds the store in " + dir
           + ": stop that rotad, or choose another state_dir.";
  if (status.IsCorruption())
    return "The store in " + dir + " is damaged (" + text
           + (says(dir.c_str()) ? "" : " in " + logs_of(dir))
           + "): nothing was repaired. Look at it with rota fsck, then put back"
             " a backup with rota restore.";
  if (status.IsNoSpace() || says("No space left"))
    return "The disk of " + dir + " is full: free some space, then start"
           " again.";
  if (says("Permission denied") || says("Read-only file system"))
    return "The store in " + dir + " cannot be written (" + text
           + "): give rotad's user write access to state_dir.";
  return "The store in " + dir + " cannot be opened (" + text
         + "): check state_dir and its disk.";
}

bool is_forbidden(const rocksdb::Status& x) {
  return text_of(x).find("Permission denied") != std::string::npos;
}

/// The same for one that is but read.
std::string reading_fault(const std::string& dir,
                          const rocksdb::Status& status) {
  if (!is_forbidden(status))
    return sentence(dir, status);
  return "The store in " + dir + " cannot be read (" + text_of(status)
         + "): run this as the user that rotad runs as.";
}

std::string make_directory(const std::string& dir) {
  const auto err = make_private_path(dir);
  if (!err)
    return {};
  return "The directory " + dir + " cannot be made (" + err.message()
         + "): correct state_dir, or give rotad's user write access to it.";
}

/// Whether there is a store without the file that everything hangs on. RocksDB
/// would begin a new one in its place.
bool is_headless(const std::string& dir) {
  std::error_code err;
  if (std::filesystem::exists(dir + "/CURRENT", err) || err)
    return false;
  for (const auto& x : std::filesystem::directory_iterator{dir, err})
    if (x.path().filename().string().starts_with("MANIFEST-")
        || x.path().extension() == ".sst" || x.path().extension() == ".log")
      return true;
  return false;
}

bool is_ours(const std::string& name) {
  return std::find(family_names.begin(), family_names.end(), name)
         != family_names.end();
}

} // namespace

std::string text_of(const rocksdb::Status& x) {
  auto result = x.ToString();
  while (result.ends_with('\n'))
    result.pop_back();
  std::replace(result.begin(), result.end(), '\n', ' ');
  return result;
}

database::~database() {
  if (!db)
    return;
  for (auto* handle : handles)
    if (handle != nullptr)
      db->DestroyColumnFamilyHandle(handle);
  db->Close();
}

std::string database::open(const std::string& dir, const store_options& options,
                           const std::shared_ptr<fail_stop>& failure) {
  if (auto fault = make_directory(dir); !fault.empty())
    return fault;
  damaged = is_headless(dir);
  if (damaged)
    return "The store in " + dir + " is damaged: the file " + dir
           + "/CURRENT is missing; nothing was repaired. Look at it with rota"
             " fsck, then put back a backup with rota restore.";
  const auto listener = std::make_shared<failure_listener>(failure);
  const auto cache = rocksdb::NewLRUCache(cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (size_t i = 0; i < family_names.size(); ++i)
    families.emplace_back(family_names[i],
                          family_options(static_cast<family>(i), options,
                                         cache));
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::Open(db_options(options, listener), dir,
                                        families, &opened, &raw);
  damaged = status.IsCorruption();
  if (!status.ok())
    return sentence(dir, status);
  db.reset(raw);
  std::copy(opened.begin(), opened.end(), handles.begin());
  return {};
}

std::string database::open_read_only(const std::string& dir, reading how,
                                     rocksdb::Env* env) {
  auto options = db_options({}, nullptr);
  options.create_if_missing = false;
  options.create_missing_column_families = false;
  options.listeners.clear();
  options.info_log = std::make_shared<silent_log>();
  if (how == reading::lenient) {
    options.paranoid_checks = false;
    options.wal_recovery_mode
      = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  }
  if (env != nullptr)
    options.env = env;
  std::vector<std::string> names;
  auto status = rocksdb::DB::ListColumnFamilies(options, dir, &names);
  forbidden = is_forbidden(status);
  if (!status.ok())
    return reading_fault(dir, status);
  const auto cache = rocksdb::NewLRUCache(cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (size_t i = 0; i < family_names.size(); ++i)
    if (std::find(names.begin(), names.end(), family_names[i]) != names.end())
      families.emplace_back(family_names[i],
                            family_options(static_cast<family>(i), {}, cache));
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  rocksdb::DB* raw = nullptr;
  status = rocksdb::DB::OpenForReadOnly(options, dir, families, &opened, &raw);
  forbidden = is_forbidden(status);
  if (!status.ok())
    return reading_fault(dir, status);
  db.reset(raw);
  for (auto* handle : opened)
    for (size_t i = 0; i < family_names.size(); ++i)
      if (handle->GetName() == family_names[i])
        handles[i] = handle;
  return {};
}

std::vector<std::string> database::strangers(const std::string& dir) {
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies({}, dir, &names).ok())
    return {}; // New, or so damaged that opening it says what is wrong.
  std::erase_if(names, is_ours);
  return names;
}

std::string database::peek(const std::string& dir, const std::string& key) {
  rocksdb::DB* raw = nullptr;
  if (!rocksdb::DB::OpenForReadOnly({}, dir, &raw).ok())
    return {};
  const std::unique_ptr<rocksdb::DB> db{raw};
  std::string value;
  if (!db->Get({}, key, &value).ok())
    value.clear();
  return value;
}

} // namespace rota
