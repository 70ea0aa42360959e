#include "runtime/storage/store.hpp"

#include "actors/domain/ledger_fold.hpp"
#include "runtime/storage/codec.hpp"
#include "runtime/storage/database.hpp"

#include <mutex>
#include <unordered_map>
#include <unordered_set>

namespace rota {

namespace {

constexpr auto schema_key = "schema";
constexpr auto run_key = "run";
constexpr auto batch_key = "batch";
constexpr auto account_key = "account";
constexpr auto name_prefix = "name/";

rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions o;
  o.sync = true;
  return o;
}

rocksdb::ReadOptions scanning() {
  rocksdb::ReadOptions o;
  o.fill_cache = false;
  return o;
}

std::string result_key(batch_id batch, uint64_t item) {
  return be64(batch.value) + be64(item);
}

std::string_view view(const rocksdb::Slice& x) {
  return {x.data(), x.size()};
}

} // namespace

struct store::impl {
  database base;
  uint32_t run = 0;
  uint64_t next_segment = 1;
  mutable std::mutex mutex;
  std::unordered_map<account_id, account_head> heads;
  std::unordered_map<account_id, account_row> rows;
  // Used by `write` only; keep their memory.
  std::string segment;
  std::string scratch;
  std::vector<ledger_entry> entries;

  std::string setup(const std::string& dir);
  std::string load(const std::string& dir);
  uint64_t number(const char* key, uint64_t otherwise) const;
  uint64_t raise(const char* key);

  template <class F>
  void scan(family which, F f) const {
    const std::unique_ptr<rocksdb::Iterator> i{
      base.db->NewIterator(scanning(), base[which])};
    for (i->SeekToFirst(); i->Valid(); i->Next())
      f(view(i->key()), view(i->value()));
  }

  void put(rocksdb::WriteBatch& to, family which, const std::string& key,
           const auto& record) {
    scratch.clear();
    encode(scratch, record);
    to.Put(base[which], key, scratch);
  }
};

store::store(std::unique_ptr<impl> x) : impl_{std::move(x)} {
  // nop
}

store::~store() = default;

store::opened
store::open(const std::string& dir, const store_options& options,
            std::function<void(const std::string&)> on_failure) {
  auto x = std::make_unique<impl>();
  auto fault = x->base.open(dir, options, std::move(on_failure));
  if (fault.empty())
    fault = x->setup(dir);
  if (fault.empty())
    fault = x->load(dir);
  if (!fault.empty())
    return {nullptr, std::move(fault)};
  return {std::unique_ptr<store>{new store{std::move(x)}}, {}};
}

std::string store::impl::setup(const std::string& dir) {
  const auto found = number(schema_key, schema);
  if (found > schema)
    return "The store in " + dir + " was written by a newer rota (schema "
           + std::to_string(found) + ", this one knows "
           + std::to_string(schema)
           + "); nothing was changed. Start that version instead.";
  run = static_cast<uint32_t>(number(run_key, 0)) + 1;
  rocksdb::WriteBatch first;
  first.Put(base[family::meta], schema_key, be64(schema));
  first.Put(base[family::meta], run_key, be64(run));
  const auto status = base.db->Write(synced(), &first);
  if (!status.ok())
    return "The store in " + dir + " cannot be written: " + status.ToString()
           + "; check the disk and the permissions of that directory.";
  return {};
}

std::string store::impl::load(const std::string& dir) {
  std::string fault;
  const auto damaged = [&](const char* what, uint64_t id) {
    fault = "The store in " + dir + " is damaged: the " + what + " of account "
            + std::to_string(id)
            + " cannot be read; nothing was changed. Restore it from a backup.";
  };
  scan(family::head, [&](std::string_view key, std::string_view value) {
    if (auto x = decode<account_head>(value))
      heads.emplace(x->account, std::move(*x));
    else
      damaged("books", from_be32(key));
  });
  scan(family::account, [&](std::string_view key, std::string_view value) {
    if (auto x = decode<account_row>(value))
      rows.emplace(x->account, std::move(*x));
    else
      damaged("state", from_be32(key));
  });
  const std::unique_ptr<rocksdb::Iterator> last{
    base.db->NewIterator(scanning(), base[family::ledger])};
  last->SeekToLast();
  if (last->Valid())
    next_segment = from_be64(view(last->key())) + 1;
  if (fault.empty() && !last->status().ok())
    fault = "The store in " + dir
            + " cannot be read: " + last->status().ToString() + ".";
  return fault;
}

uint64_t store::impl::number(const char* key, uint64_t otherwise) const {
  std::string value;
  const auto status = base.db->Get({}, base[family::meta], key, &value);
  return status.ok() ? from_be64(value) : otherwise;
}

uint64_t store::impl::raise(const char* key) {
  const auto result = number(key, 0) + 1;
  const auto status
    = base.db->Put(synced(), base[family::meta], key, be64(result));
  if (!status.ok())
    throw std::runtime_error{"The store cannot be written: "
                             + status.ToString()};
  return result;
}

uint32_t store::run() const {
  return impl_->run;
}

// -- accounts -----------------------------------------------------------------

account_id store::id_of(const std::string& name) {
  std::lock_guard guard{impl_->mutex};
  auto& base = impl_->base;
  const auto key = name_prefix + name;
  std::string value;
  if (base.db->Get({}, base[family::meta], key, &value).ok())
    return {from_be32(value)};
  const auto id = static_cast<uint32_t>(impl_->number(account_key, 0)) + 1;
  rocksdb::WriteBatch fresh;
  fresh.Put(base[family::meta], account_key, be64(id));
  fresh.Put(base[family::meta], key, be32(id));
  const auto status = base.db->Write({}, &fresh); // Synced by the first entry.
  if (!status.ok())
    throw std::runtime_error{"The store cannot be written: "
                             + status.ToString()};
  return {id};
}

account_head store::head_of(account_id x) const {
  std::lock_guard guard{impl_->mutex};
  if (const auto i = impl_->heads.find(x); i != impl_->heads.end())
    return i->second;
  account_head fresh;
  fresh.account = x;
  return fresh;
}

std::optional<account_row> store::row_of(account_id x) const {
  std::lock_guard guard{impl_->mutex};
  if (const auto i = impl_->rows.find(x); i != impl_->rows.end())
    return i->second;
  return std::nullopt;
}

void store::for_each_entry(
  account_id x, const std::function<void(const ledger_entry&)>& f) const {
  impl_->scan(family::ledger, [&](std::string_view, std::string_view value) {
    if (const auto entries = decode<std::vector<ledger_entry>>(value))
      for (const auto& entry : *entries)
        if (entry.account == x)
          f(entry);
  });
}

// -- batches ------------------------------------------------------------------

batch_id store::next_batch_id() {
  std::lock_guard guard{impl_->mutex};
  return {impl_->raise(batch_key)};
}

std::vector<batch_row> store::batches() const {
  std::vector<batch_row> result;
  impl_->scan(family::batch, [&](std::string_view, std::string_view value) {
    if (auto x = decode<batch_row>(value))
      result.push_back(std::move(*x));
  });
  return result;
}

std::optional<batch_row> store::batch(batch_id x) const {
  std::string value;
  const auto status
    = impl_->base.db->Get({}, impl_->base[family::batch], be64(x.value),
                          &value);
  return status.ok() ? decode<batch_row>(value) : std::nullopt;
}

batch_resume store::resume_of(const batch_row& x) const {
  batch_resume result{x, {}};
  for_each_result(x.id, x.cursor, [&result](const item_result& y) {
    result.ended.push_back({y.id.item, y.state, y.cost});
    return true;
  });
  return result;
}

bool store::for_each_result(
  batch_id x, uint64_t from_item,
  const std::function<bool(const item_result&)>& f) const {
  const auto end = be64(x.value + 1);
  const rocksdb::Slice bound{end};
  auto options = scanning();
  options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> i{
    impl_->base.db->NewIterator(options, impl_->base[family::result])};
  for (i->Seek(result_key(x, from_item)); i->Valid(); i->Next()) {
    const auto result = decode<item_result>(view(i->value()));
    if (!result)
      return false;
    if (!f(*result))
      return true;
  }
  return i->status().ok();
}

// -- writing ------------------------------------------------------------------

std::string store::write(const std::vector<commit_ptr>& group) {
  auto& it = *impl_;
  rocksdb::WriteBatch out;
  std::unordered_set<account_id> touched;
  it.entries.clear();
  for (const auto& x : group)
    it.entries.insert(it.entries.end(), x->entries.begin(), x->entries.end());
  if (!it.entries.empty()) {
    it.segment.clear();
    encode(it.segment, it.entries);
    out.Put(it.base[family::ledger], be64(it.next_segment++), it.segment);
  }
  {
    std::lock_guard guard{it.mutex};
    for (const auto& entry : it.entries) {
      auto& head = it.heads[entry.account];
      head.account = entry.account;
      if (!fold(head, entry))
        return "The books of account " + std::to_string(entry.account.value)
               + " do not add up at entry " + std::to_string(entry.seq)
               + "; nothing of it was written.";
      touched.insert(entry.account);
    }
    for (const auto id : touched)
      it.put(out, family::head, be32(id.value), it.heads[id]);
    for (const auto& x : group)
      if (x->account) {
        it.rows[x->account->account] = *x->account;
        it.put(out, family::account, be32(x->account->account.value),
               *x->account);
      }
  }
  for (const auto& x : group) {
    if (x->batch)
      it.put(out, family::batch, be64(x->batch->id.value), *x->batch);
    if (!x->result)
      continue;
    const auto key = result_key(x->result->id.batch, x->result->id.item);
    rocksdb::PinnableSlice before;
    // A line ends once: what was acknowledged first stays.
    if (it.base.db->Get({}, it.base[family::result], key, &before).ok())
      continue;
    it.put(out, family::result, key, *x->result);
  }
  if (out.Count() == 0)
    return {};
  const auto status = it.base.db->Write(synced(), &out);
  if (!status.ok())
    return "The store cannot be written: " + status.ToString()
           + "; rotad stops. Check the disk, then start it again.";
  return {};
}

} // namespace rota
