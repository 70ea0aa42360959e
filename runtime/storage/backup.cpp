#include "runtime/storage/backup.hpp"

#include "runtime/storage/backup_manifest.hpp"
#include "runtime/storage/database.hpp"
#include "runtime/storage/digest.hpp"
#include "runtime/storage/files.hpp"

#include <rocksdb/utilities/backup_engine.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace rota {

namespace {

namespace fs = std::filesystem;

/// One backup at a time: RocksDB's engine takes the folder for its own.
class folder_lock {
public:
  explicit folder_lock(const std::string& folder)
    : file_{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)},
      held_{file_ >= 0 && ::flock(file_, LOCK_EX | LOCK_NB) == 0} {
    // nop
  }

  ~folder_lock() {
    if (file_ >= 0)
      ::close(file_);
  }

  folder_lock(const folder_lock&) = delete;
  folder_lock& operator=(const folder_lock&) = delete;

  bool held() const {
    return held_;
  }

private:
  int file_;
  bool held_;
};

std::string busy(const std::string& folder) {
  return "Another process works on the backups in " + folder
         + ": wait until it is done.";
}

std::string failed(const std::string& what, const rocksdb::Status& status) {
  return what + " (" + text_of(status)
         + "): check the disk and its free space.";
}

rocksdb::BackupEngineOptions engine_options(const std::string& folder) {
  rocksdb::BackupEngineOptions result{folder + "/store"};
  result.sync = true;
  result.share_table_files = true;
  result.share_files_with_checksum = true;
  return result;
}

std::string open_engine(const std::string& folder,
                        std::unique_ptr<rocksdb::BackupEngine>& to) {
  rocksdb::BackupEngine* made = nullptr;
  const auto status = rocksdb::BackupEngine::Open(
    rocksdb::Env::Default(), engine_options(folder), &made);
  to.reset(made);
  return status.ok()
           ? std::string{}
           : failed("The backup folder " + folder + " cannot be used", status);
}

bool is_manifest(const fs::path& x) {
  return x.extension() == ".manifest"
         && x.filename().string().starts_with("backup-");
}

/// Whether a file in files/ has a name that we give: a digest, or what becomes
/// one. Others are somebody else's.
bool is_stored(const fs::directory_entry& x) {
  auto name = x.path().filename();
  if (name.extension() == ".part")
    name.replace_extension();
  constexpr size_t digits = 64;
  const auto text = name.string();
  std::error_code err;
  return text.size() == digits
         && text.find_first_not_of("0123456789abcdef") == std::string::npos
         && x.is_regular_file(err);
}

/// Whether a directory without a manifest may be of a first backup that was
/// interrupted.
bool is_begun(const fs::directory_entry& x) {
  const auto name = x.path().filename();
  std::error_code err;
  if (name == "files") {
    const fs::directory_iterator all{x.path(), err};
    return !err && std::all_of(begin(all), end(all), is_stored);
  }
  return name == "store"
         && (fs::is_directory(x.path() / "meta", err)
             || (fs::is_empty(x.path(), err) && !err));
}

/// Why no backups may be kept in a folder; empty if they may.
std::string taken_by_others(const std::string& folder) {
  std::error_code err;
  if (!fs::exists(folder, err))
    return {};
  const std::vector<fs::directory_entry> all{
    fs::directory_iterator{folder, err}, {}};
  if (std::all_of(all.begin(), all.end(), is_begun)
      || std::any_of(all.begin(), all.end(), [](const auto& x) {
           return is_manifest(x.path());
         }))
    return {};
  return "The directory " + folder
         + " holds files, but no backups: name one that is empty or not there"
           " yet.";
}

std::string stored_path(const std::string& folder, const std::string& sha256) {
  return folder + "/files/" + sha256;
}

/// Keeps a file under its digest, unless it is there, and verifies it.
std::string keep(const std::string& path, const std::string& name,
                 const std::string& folder, backup_manifest& to) {
  const auto digest = sha256_of(path);
  std::error_code err;
  const auto bytes = fs::file_size(path, err);
  if (!digest || err)
    return "The file " + path + " cannot be read: check the disk.";
  const auto stored = stored_path(folder, *digest);
  if (sha256_of(stored) != digest) {
    const auto part = stored + ".part";
    if (auto fault = copy_durably(path, part); !fault.empty())
      return fault;
    if (::rename(part.c_str(), stored.c_str()) != 0
        || sha256_of(stored) != digest)
      return "The file " + stored + " is not what was written to it: check the"
             " disk.";
  }
  to.files.push_back({name, *digest, bytes});
  return {};
}

std::string keep_all(const std::string& state_dir, const std::string& folder,
                     backup_manifest& to) {
  std::vector<std::string> names;
  std::error_code err;
  for (fs::directory_iterator i{state_dir + "/batches", err}, end;
       !err && i != end; i.increment(err))
    names.push_back("batches/" + i->path().filename().string());
  std::sort(names.begin(), names.end());
  if (to.schema >= 3)
    names.insert(names.begin(), "store.head");
  for (const auto& name : names)
    if (auto fault = keep(state_dir + '/' + name, name, folder, to);
        !fault.empty())
      return fault;
  return sync_path(folder + "/files") ? std::string{}
                                      : "The folder " + folder
                                          + "/files cannot be written.";
}

std::string keep_store(const std::string& store_dir, const std::string& folder,
                       uint32_t& number) {
  const auto failure = std::make_shared<fail_stop>(nullptr);
  database base;
  if (auto fault = base.open(store_dir, {}, failure); !fault.empty())
    return fault;
  std::unique_ptr<rocksdb::BackupEngine> engine;
  if (auto fault = open_engine(folder, engine); !fault.empty())
    return fault;
  rocksdb::CreateBackupOptions how;
  how.flush_before_backup = true;
  const auto status = engine->CreateNewBackup(how, base.db.get(), &number);
  return status.ok() ? std::string{}
                     : failed("The store cannot be backed up into " + folder,
                              status);
}

void note(const check_report& x, backup_manifest& to) {
  to.schema = x.schema;
  to.accounts = x.accounts.size();
  to.entries = x.entries;
  to.batches = x.batches;
  to.results = x.results;
}

} // namespace

backup_result make_backup(const std::string& state_dir,
                          const std::string& folder, timestamp now) {
  backup_result result;
  if (result.fault = taken_by_others(folder); !result.fault.empty())
    return result;
  const private_files ours;
  const auto store = state_dir + "/store";
  result.checked = check_store({store, state_dir + "/batches"});
  result.fault = result.checked.unchecked;
  if (!result.checked.clean())
    return result;
  auto& made = result.made;
  made.made_at = now;
  note(result.checked, made);
  auto& fault = result.fault;
  fault = make_private_directory(folder);
  // Those that are there already may have been made when nobody cared.
  for (const auto* part : {"/files", "/store"})
    if (fault.empty()) {
      fault = make_private_directory(folder + part);
      ::chmod((folder + part).c_str(), 0700);
    }
  const folder_lock lock{folder};
  if (fault.empty() && !lock.held())
    fault = busy(folder);
  // Exactly how far this copy goes: nothing more is to be expected of it.
  if (fault.empty() && made.schema >= 3)
    fault = make_high_water(high_water_path(store), result.checked.mark);
  if (fault.empty())
    fault = keep_all(state_dir, folder, made);
  if (fault.empty())
    fault = keep_store(store, folder, made.number);
  if (fault.empty())
    fault = verify_backup(folder, made);
  if (fault.empty())
    fault = write_durably(manifest_path(folder, made.number), text_of(made));
  return result;
}

backup_list list_backups(const std::string& folder) {
  backup_list result;
  std::error_code err;
  for (fs::directory_iterator i{folder, err}, end; !err && i != end;
       i.increment(err)) {
    if (!is_manifest(i->path()))
      continue;
    const auto path = i->path().string();
    auto x = manifest_of(content_of(path).value_or(""));
    if (x && path == manifest_path(folder, x->number))
      result.backups.push_back(std::move(*x));
    else
      result.faults.push_back("The manifest " + path + " is damaged: that"
                              " backup cannot be restored.");
  }
  std::sort(result.backups.begin(), result.backups.end(),
            [](const auto& x, const auto& y) { return x.number < y.number; });
  return result;
}

std::string verify_backup(const std::string& folder,
                          const backup_manifest& x) {
  for (const auto& file : x.files)
    if (const auto path = stored_path(folder, file.sha256);
        sha256_of(path) != file.sha256)
      return "The file " + path + " (" + file.name + " of backup "
             + std::to_string(x.number)
             + ") is damaged or missing: take another backup.";
  rocksdb::BackupEngineReadOnly* opened = nullptr;
  auto status = rocksdb::BackupEngineReadOnly::Open(
    rocksdb::Env::Default(), engine_options(folder), &opened);
  const std::unique_ptr<rocksdb::BackupEngineReadOnly> engine{opened};
  if (status.ok())
    status = engine->VerifyBackup(x.number, true);
  if (status.ok())
    return {};
  return "Backup " + std::to_string(x.number) + " in " + folder
         + " is not whole (" + text_of(status) + "): take another backup.";
}

std::string thin_out(const std::string& folder, uint32_t keep) {
  const folder_lock lock{folder};
  if (!lock.held())
    return busy(folder);
  const auto [all, faults] = list_backups(folder);
  const auto surplus = all.size() > keep ? all.size() - keep : 0;
  std::unique_ptr<rocksdb::BackupEngine> engine;
  if (auto fault = open_engine(folder, engine); !fault.empty())
    return fault;
  std::error_code err;
  for (size_t i = 0; i < surplus; ++i) {
    // Its manifest goes first: half a backup is none.
    fs::remove(manifest_path(folder, all[i].number), err);
    if (const auto status = engine->DeleteBackup(all[i].number);
        err || (!status.ok() && !status.IsNotFound()))
      return failed("Backup " + std::to_string(all[i].number) + " in " + folder
                      + " cannot be removed",
                    status);
  }
  // Which files belong to a backup whose manifest is damaged nobody knows.
  if (!faults.empty())
    return {};
  std::set<std::string> wanted;
  for (size_t i = surplus; i < all.size(); ++i)
    for (const auto& file : all[i].files)
      wanted.insert(file.sha256);
  for (fs::directory_iterator i{folder + "/files", err}, end; !err && i != end;
       i.increment(err))
    if (std::error_code ignored;
        is_stored(*i) && !wanted.contains(i->path().filename().string()))
      fs::remove(i->path(), ignored);
  return {};
}

} // namespace rota
