#include "runtime/storage/snapshot.hpp"

#include "messages/money_sum.hpp"
#include "runtime/storage/codec.hpp"
#include "runtime/storage/database.hpp"

#include <rocksdb/utilities/backup_engine.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace rota {

namespace {

std::string_view view(const rocksdb::Slice& x) {
  return {x.data(), x.size()};
}

/// Takes one record of a family after the other.
class reader {
public:
  reader(const database& base, state_snapshot& to) : base_{base}, to_{to} {
    // nop
  }

  void run() {
    to_.schema = number("schema");
    to_.run = number("run");
    to_.records = number("records");
    read<account_head>(family::head, "the books", [this](auto x) {
      heads_[x.account].first = std::move(x);
    });
    read<account_row>(family::account, "the accounts", [this](auto x) {
      if (const auto i = heads_.find(x.account); i != heads_.end())
        i->second.second = std::move(x);
    });
    read<batch_row>(family::batch, "the batches", [this](auto x) {
      batch_counts counts = x.ended;
      to_.batches.emplace_back(std::move(x), counts);
    });
    for (auto& [row, counts] : to_.batches)
      count_behind_cursor(row, counts);
    for (auto& [id, x] : heads_)
      to_.accounts.push_back(std::move(x));
    std::sort(to_.accounts.begin(), to_.accounts.end(),
              [](const auto& x, const auto& y) {
                return x.first.name < y.first.name;
              });
  }

private:
  uint64_t number(const char* key) {
    std::string value;
    if (base_.db->Get({}, base_[family::meta], key, &value).ok())
      return decode<uint64_t>(value).value_or(0);
    return 0;
  }

  void blame(const std::string& what) {
    if (to_.fault.empty())
      to_.fault = "The store in " + to_.dir + " is damaged: " + what
                  + " cannot be read. rota fsck says more.";
  }

  template <class T, class F>
  void read(family which, const char* what, F f) {
    if (base_[which] == nullptr)
      return; // An earlier version did not have it.
    const std::unique_ptr<rocksdb::Iterator> i{
      base_.db->NewIterator({}, base_[which])};
    for (i->SeekToFirst(); i->Valid(); i->Next()) {
      auto x = decode<T>(view(i->value()));
      x ? f(std::move(*x)) : blame(what);
    }
    if (!i->status().ok())
      blame(what);
  }

  /// Results that the row does not count yet. A cancelled batch counts all.
  void count_behind_cursor(const batch_row& row, batch_counts& to) {
    if (row.ended.ended() > row.cursor)
      return;
    const auto end = be64(row.id.value + 1);
    const rocksdb::Slice bound{end};
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> i{
      base_.db->NewIterator(options, base_[family::result])};
    for (i->Seek(be64(row.id.value) + be64(row.cursor)); i->Valid();
         i->Next()) {
      const auto x = decode<ended_item>(view(i->value()));
      if (!x)
        return blame("a result of " + to_string(row.id));
      to.succeeded += x->state == item_state::succeeded;
      to.failed += x->state == item_state::failed;
      to.cancelled += x->state == item_state::cancelled;
      to.spent = saturated_sum(to.spent, x->spent);
    }
    if (!i->status().ok())
      blame("a result of " + to_string(row.id));
  }

  const database& base_;
  state_snapshot& to_;
  std::map<account_id, std::pair<account_head, account_row>> heads_;
};

state_snapshot read_all(const std::string& dir, rocksdb::Env* env) {
  state_snapshot result;
  result.dir = dir;
  database base;
  result.fault
    = base.open_read_only(dir, database::reading::strict, env);
  if (result.fault.empty())
    reader{base, result}.run();
  return result;
}

} // namespace

state_snapshot snapshot_of(const std::string& store_dir) {
  return read_all(store_dir, nullptr);
}

state_snapshot snapshot_of_backup(const std::string& folder, uint32_t number) {
  rocksdb::BackupEngineReadOnly* opened = nullptr;
  rocksdb::Status status = rocksdb::BackupEngineReadOnly::Open(
    rocksdb::Env::Default(),
    rocksdb::BackupEngineOptions{
      std::filesystem::absolute(folder).string() + "/store"}, &opened);
  const std::unique_ptr<rocksdb::BackupEngineReadOnly> engine{opened};
  rocksdb::BackupInfo info;
  if (status.ok())
    status = engine->GetBackupInfo(number, &info, true);
  if (status.ok())
    return read_all(info.name_for_open, info.env_for_open.get());
  state_snapshot result;
  result.fault = "There is no backup " + std::to_string(number) + " in "
                 + folder + " that can be read (" + text_of(status)
                 + "): rota backup " + folder + " --list shows what there is.";
  return result;
}

} // namespace rota
