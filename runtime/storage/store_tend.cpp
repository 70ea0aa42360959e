// How far the store has come, and what is promised of it: the high-water file
// and the syncing of what was only handed to the operating system.

#include "runtime/observe/kill_point.hpp"
#include "runtime/storage/store.hpp"
#include "runtime/storage/store_impl.hpp"

#include <algorithm>
#include <filesystem>
#include <random>

namespace rota {

namespace {

using namespace std::chrono_literals;

/// `durability: process` promises 100 ms; half of it is for the disk. Each sync
/// holds up the groups behind it.
constexpr auto sync_delay = 50ms;

/// How far the high-water file may be behind.
constexpr auto mark_delay = 1s;

} // namespace

// -- opening ------------------------------------------------------------------

high_water store::impl::present() const {
  high_water result;
  result.writes = base.db->GetLatestSequenceNumber();
  for (const auto& [id, x] : accounts) {
    result.entries += x.head.seq;
    combine(result.heads, x.head.chain);
    result.latest.push_back({id, x.head.seq});
  }
  return result;
}

std::string store::impl::refuse_incomplete(const std::string& what) const {
  return "The store in " + dir + " is not what it was: " + what
         + "; nothing was changed. " + way_back();
}

std::string store::impl::way_back() const {
  const auto state = std::filesystem::path{dir}.parent_path().string();
  return "Look at it with rota fsck, then put back a backup (rota restore"
         " BACKUP --state-dir "
         + (state.empty() ? "." : state) + ").";
}

std::string store::impl::check_tables() const {
  const auto found = read_high_water(high_water_path(dir));
  const auto lost = found.mark ? lacks(found.mark->tables, dir) : std::string{};
  return lost.empty() ? lost : refuse_incomplete(lost);
}

std::string store::impl::check_high_water() {
  const auto path = high_water_path(dir);
  const auto found = read_high_water(path);
  const auto here = present();
  if (!found.fault.empty())
    return refuse_incomplete(
      found.fault.substr(0, found.fault.size() - 1)
      + ", so nobody knows whether anything is missing");
  if (found.mark) {
    const auto& promised = *found.mark;
    const auto who = [this](account_id x) { return name_of(x); };
    if (const auto lacks = missing(promised, here, who); !lacks.empty())
      return refuse_incomplete(lacks + ", says " + path);
    if (mark.store != 0 && promised.store != mark.store)
      return refuse_incomplete(path + " belongs to another store");
    if (promised.writes == here.writes && promised.heads != here.heads)
      return refuse_incomplete("the books differ from what " + path + " says");
    mark = promised;
    mark_was_damaged = found.damaged > 0;
  } else if (mark.store != 0) {
    return refuse_incomplete("the file " + path
                             + " is missing, so nobody knows whether anything"
                               " else is");
  } else { // It never had one.
    std::random_device draw;
    mark.store = uint64_t{draw()} << 32 | draw() | 1;
    if (auto fault = make_high_water(path, mark); !fault.empty())
      return fault;
  }
  mark.entries = here.entries;
  mark.heads = here.heads;
  return mark_file.open(path);
}

std::string store::vouch(const std::string& dir) {
  impl x;
  x.dir = dir;
  x.failure = std::make_shared<fail_stop>(nullptr);
  auto fault = x.base.open(dir, {}, x.failure);
  for (const auto step : {&impl::load_numbers, &impl::load_names,
                          &impl::load_accounts, &impl::check_ledger_end})
    if (fault.empty())
      fault = (x.*step)();
  if (!fault.empty())
    return fault;
  const auto path = high_water_path(dir);
  if (x.mark.store == 0) { // Its schema has none; its migration makes one.
    std::error_code err;
    std::filesystem::remove(path, err);
    return err ? "The file " + path + " cannot be removed (" + err.message()
                   + "): check the permissions of state_dir."
               : std::string{};
  }
  auto mark = x.present();
  mark.store = x.mark.store;
  mark.latest.resize(std::min(mark.latest.size(), high_water::latest_max));
  return make_high_water(path, mark);
}

// -- writing ------------------------------------------------------------------

void store::impl::touch(account& x, const chain_digest& before) {
  combine(mark.heads, before);
  combine(mark.heads, x.head.chain);
  ++mark.entries;
  if (!std::exchange(x.unmarked, true))
    unmarked.push_back(&x);
}

bool store::impl::must_sync(steady::time_point now) const {
  return durability == store_durability::power
         || (unsynced_since && now - *unsynced_since >= sync_delay);
}

std::string store::impl::commit_batch(rocksdb::WriteBatch& batch, bool sync,
                                      bool promised) {
  // Once this is synced, so is whatever stood in the log before.
  const auto reached = base.db->GetLatestSequenceNumber() + batch.Count();
  rocksdb::WriteOptions how;
  how.sync = sync;
  kill_point(sync ? "sync/before" : "log/before");
  if (const auto status = base.db->Write(how, &batch); !status.ok())
    return fail("The store cannot be written (" + text_of(status)
                + "): check the disk, then start rotad again.");
  kill_point(sync ? "sync/after" : "log/after");
  if (sync) {
    mark.writes = reached;
    unsynced_since.reset();
    mark_is_old = true;
  } else if (promised && !unsynced_since) {
    unsynced_since = steady::now();
  }
  return {};
}

std::string store::impl::renew_mark(bool clean) {
  {
    std::lock_guard guard{mutex};
    std::vector<high_water::account_mark> latest;
    for (auto i = unmarked.rbegin(); i != unmarked.rend(); ++i)
      if (latest.size() < high_water::latest_max)
        latest.push_back({(*i)->head.account, (*i)->head.seq});
    for (const auto& x : mark.latest)
      if (latest.size() < high_water::latest_max
          && !accounts[x.account].unmarked)
        latest.push_back(x);
    for (auto* x : unmarked)
      x->unmarked = false;
    unmarked.clear();
    mark.latest = std::move(latest);
  }
  ++mark.generation;
  mark.clean = clean;
  mark.tables = mark_manifest(dir, mark.tables);
  if (auto fault = mark_file.write(mark); !fault.empty())
    return fail(std::move(fault));
  marked_at = steady::now();
  mark_is_old = false;
  return {};
}

std::optional<std::chrono::steady_clock::time_point> store::due() const {
  const auto& my = *impl_;
  if (my.failure->raised())
    return std::nullopt;
  std::optional<impl::steady::time_point> result;
  if (my.records > 0)
    result = my.prune_due();
  if (my.unsynced_since)
    result = std::min(result.value_or(*my.unsynced_since + sync_delay),
                      *my.unsynced_since + sync_delay);
  else if (my.mark_is_old)
    result = std::min(result.value_or(my.marked_at + mark_delay),
                      my.marked_at + mark_delay);
  return result;
}

std::string store::tend() {
  if (impl_->failure->raised())
    return "The store has failed before; nothing is written to it any more.";
  return impl_->tend(std::chrono::steady_clock::now());
}

std::string store::impl::tend(steady::time_point now) {
  if (unsynced_since && now - *unsynced_since >= sync_delay) {
    // A record of the log that holds nothing, synced like any other: RocksDB's
    // SyncWAL would do, but 7.8 may then miss a log that is not lost when logs
    // are tracked in the manifest (fixed in 7.10).
    rocksdb::WriteBatch nothing;
    nothing.PutLogData("sync");
    if (auto fault = commit_batch(nothing, true); !fault.empty())
      return fault;
  }
  if (records > 0 && now >= prune_due())
    if (auto fault = prune(now); !fault.empty())
      return fail(std::move(fault));
  // What is not synced must not be promised.
  if (mark_is_old && !unsynced_since && now - marked_at >= mark_delay)
    return renew_mark(false);
  return {};
}

store::~store() {
  auto& my = *impl_;
  if (my.failure->raised())
    return;
  rocksdb::WriteBatch nothing;
  nothing.PutLogData("stop");
  kill_point("stop/begun");
  if (my.commit_batch(nothing, true).empty())
    my.renew_mark(true);
  kill_point("stop/marked");
}

} // namespace rota
