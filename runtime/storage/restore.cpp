#include "runtime/storage/backup.hpp"
#include "runtime/storage/database.hpp"
#include "runtime/storage/digest.hpp"
#include "runtime/storage/files.hpp"
#include "runtime/storage/state_lock.hpp"

#include <rocksdb/utilities/backup_engine.h>

#include <filesystem>

namespace rota {

namespace {

namespace fs = std::filesystem;

/// What a state directory has of the store.
constexpr const char* parts[] = {"store.head", "batches", "store"};

bool is_there(const std::string& path) {
  std::error_code err;
  return fs::exists(path, err)
         && !(fs::is_directory(path, err) && fs::is_empty(path, err));
}

std::string move(const std::string& from, const std::string& to) {
  std::error_code err;
  if (!is_there(from)) {
    fs::remove(from, err); // At most a directory with nothing in it.
    return {};
  }
  fs::rename(from, to, err);
  return err ? "The file " + from + " cannot be moved to " + to + " ("
                 + err.message()
                 + "): check the permissions of state_dir, then run rota"
                   " restore again."
             : std::string{};
}

/// Writes a backup into a directory of its own, as a state.
std::string unpack(const std::string& folder, const backup_manifest& x,
                   const std::string& to) {
  for (const auto& dir : {to, to + "/batches"})
    if (auto fault = make_private_directory(dir); !fault.empty())
      return fault;
  rocksdb::BackupEngineReadOnly* opened = nullptr;
  auto status = rocksdb::BackupEngineReadOnly::Open(
    rocksdb::Env::Default(),
    rocksdb::BackupEngineOptions{folder + "/store"}, &opened);
  const std::unique_ptr<rocksdb::BackupEngineReadOnly> engine{opened};
  if (status.ok())
    status = engine->RestoreDBFromBackup(x.number, to + "/store",
                                         to + "/store");
  if (!status.ok())
    return "Backup " + std::to_string(x.number) + " in " + folder
           + " cannot be restored (" + text_of(status)
           + "): check the disk and its free space, or take another backup.";
  for (const auto& file : x.files) {
    const auto copy = to + '/' + file.name;
    if (auto fault = copy_durably(folder + "/files/" + file.sha256, copy);
        !fault.empty())
      return fault;
    if (sha256_of(copy) != file.sha256)
      return "The file " + copy + " is not what was written to it: check the"
             " disk.";
  }
  std::error_code err;
  fs::permissions(to + "/store", fs::perms::owner_all, err);
  return sync_tree(to);
}

/// Why a state must not be replaced; empty if it may.
std::string occupied(const std::string& state_dir, bool force) {
  if (const state_lock lock{state_dir + "/store"}; lock.holder() != 0)
    return "A process (" + std::to_string(lock.holder())
           + ") holds the store in " + state_dir + ": stop that rotad first.";
  for (const auto* part : parts)
    if (!force && is_there(state_dir + '/' + part))
      return "There is a state in " + state_dir
             + " already: choose another --state-dir, or move it aside with"
               " --force.";
  return {};
}

std::string swap_in(const std::string& fresh, const std::string& state_dir,
                    const std::string& aside) {
  const auto mark = restore_mark(state_dir + "/store");
  // From here until the mark is removed, no daemon starts.
  auto fault = write_durably(mark, "A restore replaces this state.\n");
  if (fault.empty())
    fault = make_private_directory(aside);
  for (const auto* part : parts) {
    if (fault.empty())
      fault = move(state_dir + '/' + part, aside + '/' + part);
    if (fault.empty())
      fault = move(fresh + '/' + part, state_dir + '/' + part);
  }
  if (fault.empty() && !(sync_path(aside) && sync_path(state_dir)))
    fault = "The directory " + state_dir
            + " cannot be written: check the disk, then run rota restore"
              " again.";
  std::error_code err;
  if (fault.empty()) {
    fs::remove_all(fresh, err);
    fs::remove(mark, err);
    sync_path(state_dir);
  }
  return fault;
}

} // namespace

std::string restore_mark(const std::string& store_dir) {
  return store_dir + ".restoring";
}

restore_result restore_backup(const std::string& folder,
                              const backup_manifest& x,
                              const std::string& state_dir, bool force,
                              timestamp now) {
  restore_result result;
  auto& fault = result.fault;
  fault = occupied(state_dir, force);
  if (fault.empty())
    fault = verify_backup(folder, x);
  if (fault.empty())
    fault = make_private_directory(state_dir);
  const auto fresh = state_dir + "/restore.part";
  std::error_code err;
  fs::remove_all(fresh, err); // Of an attempt that was interrupted.
  if (fault.empty())
    fault = unpack(folder, x, fresh);
  if (!fault.empty())
    return result;
  result.checked = check_store({fresh + "/store", fresh + "/batches"});
  if (result.checked.finding_count > 0) {
    fault = "The backup was written to " + fresh
            + " and found damaged there; the state was left as it is. Take"
              " another backup.";
    return result;
  }
  const auto aside = state_dir + "/replaced-" + std::to_string(now.millis);
  for (const auto* part : parts)
    if (is_there(state_dir + '/' + part))
      result.replaced = aside;
  fault = swap_in(fresh, state_dir, aside);
  if (fault.empty() && result.replaced.empty())
    fs::remove(aside, err);
  return result;
}

} // namespace rota
