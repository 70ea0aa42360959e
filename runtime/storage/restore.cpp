#include "runtime/storage/backup.hpp"
#include "runtime/storage/database.hpp"
#include "runtime/storage/digest.hpp"
#include "runtime/storage/files.hpp"
#include "runtime/storage/state_lock.hpp"

#include <rocksdb/utilities/backup_engine.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

namespace rota {

namespace {

namespace fs = std::filesystem;

/// What a state directory has of the store.
constexpr const char* parts[] = {"store.head", "batches", "store"};

/// And a time: a directory for the state that was there before.
constexpr const char* aside_prefix = "replaced-";

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

/// What a restore does with the state that is there. It stands in the mark, so
/// that one that was interrupted can be brought to its end.
struct swap_plan {
  /// Where the old state goes; a name in the state directory.
  std::string aside;
  /// The parts that the old state has.
  std::vector<std::string> old;

  bool is_old(const std::string& part) const {
    return std::find(old.begin(), old.end(), part) != old.end();
  }
};

constexpr std::string_view aside_word = "aside ";
constexpr std::string_view old_word = "old ";

std::string text_of(const swap_plan& x) {
  auto result = "A restore replaces this state.\n" + std::string{aside_word}
                + x.aside + '\n';
  for (const auto& part : x.old)
    result += std::string{old_word} + part + '\n';
  return result;
}

/// @returns The plan of a restore that was interrupted, if it says which.
std::optional<swap_plan> interrupted(const std::string& mark) {
  std::istringstream in{content_of(mark).value_or("")};
  swap_plan result;
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(aside_word))
      result.aside = line.substr(aside_word.size());
    else if (line.starts_with(old_word))
      result.old.push_back(line.substr(old_word.size()));
  if (!result.aside.starts_with(aside_prefix)
      || result.aside.find('/') != std::string::npos)
    return std::nullopt;
  return result;
}

swap_plan plan_of(const std::string& state_dir, timestamp now) {
  swap_plan result{aside_prefix + std::to_string(now.millis), {}};
  for (const auto* part : parts)
    if (is_there(state_dir + '/' + part))
      result.old.push_back(part);
  return result;
}

/// Why a state must not be replaced; empty if it may.
std::string occupied(const state_lock& lock, const std::string& state_dir,
                     bool force) {
  if (lock.holder() != 0)
    return "A process (" + std::to_string(lock.holder())
           + ") holds the store in " + state_dir + ": stop that rotad first.";
  for (const auto* part : parts)
    if (!force && is_there(state_dir + '/' + part))
      return "There is a state in " + state_dir
             + " already: choose another --state-dir, or move it aside with"
               " --force.";
  return {};
}

/// Puts the parts of a fresh state in the places of the old ones.
std::string swap_in(const std::string& fresh, const std::string& state_dir,
                    const swap_plan& plan) {
  const auto aside = state_dir + '/' + plan.aside;
  auto fault = make_private_directory(aside);
  std::error_code err;
  for (const auto* part : parts) {
    const auto at = state_dir + '/' + part;
    const auto kept = aside + '/' + part;
    if (fault.empty() && plan.is_old(part) && !fs::exists(kept, err))
      fault = move(at, kept);
    else if (fault.empty())
      fs::remove_all(at, err); // Of a restore that was interrupted.
    if (fault.empty())
      fault = move(fresh + '/' + part, at);
  }
  if (fault.empty() && !(sync_path(aside) && sync_path(state_dir)))
    fault = "The directory " + state_dir
            + " cannot be written: check the disk, then run rota restore"
              " again.";
  return fault;
}

/// Replaces the state; until the mark is removed, no daemon starts.
std::string replace(const std::string& fresh, const std::string& state_dir,
                    bool force, const state_lock& lock, timestamp now,
                    std::string& replaced) {
  const auto store = state_dir + "/store";
  const auto mark = restore_mark(store);
  auto plan = interrupted(mark);
  std::error_code err;
  if (!plan) {
    plan = plan_of(state_dir, now);
    if (auto fault = write_durably(mark, text_of(*plan)); !fault.empty())
      return fault;
    // A daemon that came before the mark has a store by now. Where there was
    // one it was locked out.
    if (!lock.is_held()) {
      const state_lock late{store, state_lock::mode::replace};
      if (auto fault = occupied(late, state_dir, force); !fault.empty()) {
        fs::remove(mark, err);
        return fault;
      }
    }
  }
  const auto aside = state_dir + '/' + plan->aside;
  if (!plan->old.empty())
    replaced = aside;
  auto fault = swap_in(fresh, state_dir, *plan);
  if (!fault.empty())
    return fault;
  fs::remove_all(fresh, err);
  if (plan->old.empty())
    fs::remove(aside, err);
  fs::remove(mark, err);
  sync_path(state_dir);
  return {};
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
  const private_files ours;
  // To the end: nobody else may take what is to be moved aside.
  const state_lock lock{state_dir + "/store", state_lock::mode::replace};
  fault = occupied(lock, state_dir, force);
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
  if (!result.checked.unchecked.empty()) {
    fault = result.checked.unchecked + " The state was left as it is.";
    return result;
  }
  if (result.checked.finding_count > 0) {
    fault = "The backup was written to " + fresh
            + " and found damaged there; the state was left as it is. Take"
              " another backup.";
    return result;
  }
  fault = replace(fresh, state_dir, force, lock, now, result.replaced);
  return result;
}

} // namespace rota
