#include "runtime/storage/store.hpp"

#include "runtime/observe/kill_point.hpp"
#include "runtime/storage/backup.hpp"
#include "runtime/storage/store_impl.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace rota {

namespace {

constexpr auto id_key = "id";
constexpr auto run_key = "run";
constexpr auto batch_key = "batch";
constexpr auto account_key = "account";
constexpr std::string_view name_prefix = "name/";

std::string record(uint64_t x) {
  std::string result;
  encode(result, x);
  return result;
}

} // namespace

store::store(std::unique_ptr<impl> x) : impl_{std::move(x)} {
  // nop
}

// -- opening ------------------------------------------------------------------

store::opened
store::open(const std::string& dir, const store_options& options,
            std::function<void(const std::string&)> on_failure) {
  auto x = std::make_unique<impl>();
  x->dir = dir;
  x->failure = std::make_shared<fail_stop>(std::move(on_failure));
  std::error_code err;
  if (std::filesystem::exists(restore_mark(dir), err))
    return {nullptr, x->refuse_half_restored()};
  if (err)
    return {nullptr, "The store in " + dir + " cannot be read ("
                       + err.message() + "): start rotad as the user that"
                       " owns state_dir, or choose another state_dir."};
  // A newer version's store is left alone even where ours could open it.
  if (const auto strangers = database::strangers(dir); !strangers.empty()) {
    const auto found = decode<uint64_t>(database::peek(dir, schema_key));
    return {nullptr, x->refuse_newer(found && *found > schema
                                       ? "schema " + std::to_string(*found)
                                       : "it has " + strangers.front())};
  }
  auto fault = x->check_tables();
  if (fault.empty())
    fault = x->base.open(dir, options, x->failure);
  if (x->base.damaged)
    fault += x->extent_of_damage();
  // Since it was looked for first, a restore may have begun; from here on it
  // finds the store locked.
  if (fault.empty() && std::filesystem::exists(restore_mark(dir), err))
    fault = x->refuse_half_restored();
  x->durability = options.durability;
  // Nothing is changed before all is known to be well.
  for (const auto step :
       {&impl::migrate, &impl::load_numbers, &impl::load_names,
        &impl::load_accounts, &impl::load_clients, &impl::load_record_count,
        &impl::check_batches, &impl::check_ledger_end, &impl::check_high_water,
        &impl::begin_run})
    if (fault.empty())
      fault = (*x.*step)();
  if (!fault.empty())
    return {nullptr, std::move(fault)};
  return {std::unique_ptr<store>{new store{std::move(x)}}, {}};
}

std::string store::impl::refuse_newer(const std::string& theirs) const {
  return "The store in " + dir + " was written by a newer rota (" + theirs
         + "; this one knows schema " + std::to_string(schema)
         + "): start that version, or choose another state_dir.";
}

std::string store::impl::refuse_half_restored() const {
  return "A restore of the store in " + dir + " was interrupted ("
         + restore_mark(dir)
         + " is still there): run rota restore with --force again.";
}

std::string store::impl::load_numbers() {
  const auto before = number(run_key, 0);
  const auto batches = number(batch_key, 0);
  const auto given = number(account_key, 0);
  const auto drawn = number(id_key, 0);
  if (!before || !batches || !given || !drawn)
    return damaged("its first records");
  last_batch = *batches;
  last_account = *given;
  run = static_cast<uint32_t>(*before) + 1;
  mark.store = *drawn;
  return {};
}

std::string store::impl::begin_run() {
  rocksdb::WriteBatch first;
  first.Put(base[family::meta], schema_key, record(schema));
  first.Put(base[family::meta], run_key, record(run));
  first.Put(base[family::meta], id_key, record(mark.store));
  kill_point("run/before");
  auto fault = commit_batch(first, true);
  kill_point("run/after");
  if (fault.empty())
    fault = renew_mark(false);
  return fault;
}

std::string store::impl::load_names() {
  std::string fault;
  const auto read = scan(family::meta, [&](auto key, auto value) {
    if (!key.starts_with(name_prefix))
      return true;
    const auto name = std::string{key.substr(name_prefix.size())};
    const auto id = decode<uint64_t>(value);
    if (!id || *id == 0 || *id > last_account) {
      fault = damaged("the number of account " + name);
      return false;
    }
    const auto x = account_id{static_cast<uint32_t>(*id)};
    names.emplace(name, x);
    known(x).head.name = name;
    return true;
  });
  return read ? fault : damaged("the list of accounts");
}

std::string store::impl::load_accounts() {
  std::string fault;
  const auto broken = [&](const char* what, std::string_view key) {
    const account_id id{from_be32(key)};
    fault = damaged(std::string{what} + " of " + name_of(id) + ", which has "
                    + std::to_string(entries_of(id))
                    + " entries in the ledger,");
    return false;
  };
  auto read = scan(family::head, [&](auto key, auto value) {
    auto x = decode<account_head>(value);
    if (!x || be32(x->account.value) != key)
      return broken("the books", key);
    known(x->account).head = std::move(*x);
    return true;
  });
  if (!read || !fault.empty())
    return read ? fault : damaged("the books");
  read = scan(family::account, [&](auto key, auto value) {
    auto x = decode<account_row>(value);
    if (!x || be32(x->account.value) != key)
      return broken("the state", key);
    known(x->account).row = std::move(*x);
    return true;
  });
  return read ? fault : damaged("the state of the accounts");
}

std::string store::impl::load_clients() {
  std::string fault;
  const auto read = scan(family::meta, [&](auto key, auto value) {
    if (!key.starts_with(client_prefix))
      return true;
    auto x = decode<client_head>(value);
    if (!x || client_key(x->client) != key) {
      fault = damaged("what a client has spent");
      return false;
    }
    clients.emplace(x->client, std::move(*x));
    return true;
  });
  return read ? fault : damaged("the list of clients");
}

uint64_t store::impl::entries_of(account_id x) const {
  uint64_t result = 0;
  scan(family::ledger, [&](std::string_view, auto value) {
    const auto entries = decode<std::vector<ledger_entry>>(value);
    for (const auto& entry : entries.value_or(std::vector<ledger_entry>{}))
      result += entry.account == x;
    return true;
  });
  return result;
}

std::string store::impl::check_batches() {
  std::string fault;
  const auto read = scan(family::batch, [&](auto key, auto value) {
    const auto x = decode<batch_row>(value);
    if (x && be64(x->id.value) == key)
      return true;
    fault = damaged("the state of " + to_string(batch_id{from_be64(key)}));
    return false;
  });
  return read ? fault : damaged("the list of batches");
}

std::optional<uint64_t> store::impl::number(const std::string& key,
                                            uint64_t otherwise) const {
  std::string value;
  const auto status = base.db->Get({}, base[family::meta], key, &value);
  if (status.IsNotFound())
    return otherwise;
  return status.ok() ? decode<uint64_t>(value) : std::nullopt;
}

uint32_t store::run() const {
  return impl_->run;
}

uint64_t store::migrated_from() const {
  return impl_->migrated_from;
}

bool store::mark_was_damaged() const {
  return impl_->mark_was_damaged;
}

// -- accounts -----------------------------------------------------------------

account_id store::id_of(const std::string& name) {
  auto& my = *impl_;
  std::lock_guard guard{my.mutex};
  if (const auto i = my.names.find(name); i != my.names.end())
    return i->second;
  const account_id id{static_cast<uint32_t>(my.last_account + 1)};
  rocksdb::WriteBatch fresh;
  fresh.Put(my.base[family::meta], account_key, record(id.value));
  fresh.Put(my.base[family::meta], std::string{name_prefix} + name,
            record(id.value));
  // Not synced: the log keeps the order, so whatever is synced about this
  // account later takes its name along, and ten thousand new ones cost
  // no ten thousand syncs.
  if (const auto status = my.base.db->Write({}, &fresh); !status.ok())
    throw std::runtime_error{
      my.fail("The store cannot be written (" + text_of(status)
              + "): check the disk, then start rotad again.")};
  ++my.last_account;
  my.names.emplace(name, id);
  my.known(id).head.name = name;
  return id;
}

bool store::has_account(const std::string& name) const {
  std::lock_guard guard{impl_->mutex};
  return impl_->names.contains(name);
}

account_head store::head_of(account_id x) const {
  std::lock_guard guard{impl_->mutex};
  if (const auto i = impl_->accounts.find(x); i != impl_->accounts.end())
    return i->second.head;
  account_head fresh;
  fresh.account = x;
  return fresh;
}

std::optional<account_row> store::row_of(account_id x) const {
  std::lock_guard guard{impl_->mutex};
  if (const auto i = impl_->accounts.find(x); i != impl_->accounts.end())
    return i->second.row;
  return std::nullopt;
}

std::vector<account_head> store::heads() const {
  std::lock_guard guard{impl_->mutex};
  std::vector<account_head> result;
  for (const auto& [id, x] : impl_->accounts)
    if (x.head.seq > 0)
      result.push_back(x.head);
  return result;
}

bool store::for_each_entry(
  account_id x, const std::function<void(const ledger_entry&)>& f) const {
  auto good = true;
  const auto read
    = impl_->scan(family::ledger, [&](std::string_view, auto value) {
        const auto entries = decode<std::vector<ledger_entry>>(value);
        good = entries.has_value();
        if (good)
          for (const auto& entry : *entries)
            if (entry.account == x)
              f(entry);
        return good;
      });
  return read && good;
}

std::vector<ledger_entry> store::ledger_tail(size_t least) const {
  std::vector<std::vector<ledger_entry>> segments;
  size_t found = 0;
  const std::unique_ptr<rocksdb::Iterator> i{
    impl_->base.db->NewIterator(scanning(), impl_->base[family::ledger])};
  for (i->SeekToLast(); i->Valid() && found < least; i->Prev()) {
    auto segment = decode<std::vector<ledger_entry>>(view(i->value()));
    if (!segment)
      throw std::runtime_error{impl_->damaged("the ledger's end")};
    found += segment->size();
    segments.push_back(std::move(*segment));
  }
  if (!i->status().ok())
    throw std::runtime_error{impl_->damaged("the ledger's end")};
  std::vector<ledger_entry> result;
  result.reserve(found);
  for (auto x = segments.rbegin(); x != segments.rend(); ++x)
    result.insert(result.end(), x->begin(), x->end());
  return result;
}

// -- clients ------------------------------------------------------------------

client_head store::client_of(const std::string& name) {
  auto& my = *impl_;
  std::lock_guard guard{my.mutex};
  for (const auto& [id, x] : my.clients)
    if (x.name == name)
      return x;
  client_head fresh;
  fresh.client.value
    = my.clients.empty() ? 1 : my.clients.rbegin()->first.value + 1;
  fresh.name = name;
  std::string value;
  encode(value, fresh);
  // As with accounts, the log keeps the order: no sync is needed.
  if (const auto status = my.base.db->Put({}, my.base[family::meta],
                                          client_key(fresh.client), value);
      !status.ok())
    throw std::runtime_error{
      my.fail("The store cannot be written (" + text_of(status)
              + "): check the disk, then start rotad again.")};
  my.clients.emplace(fresh.client, fresh);
  return fresh;
}

bool store::has_client(const std::string& name) const {
  std::lock_guard guard{impl_->mutex};
  return std::any_of(impl_->clients.begin(), impl_->clients.end(),
                     [&name](const auto& x) { return x.second.name == name; });
}

std::vector<client_head> store::clients() const {
  std::lock_guard guard{impl_->mutex};
  std::vector<client_head> result;
  for (const auto& [id, x] : impl_->clients)
    result.push_back(x);
  return result;
}

// -- batches ------------------------------------------------------------------

batch_id store::next_batch_id() {
  auto& my = *impl_;
  std::lock_guard guard{my.mutex};
  const auto result = my.last_batch + 1;
  if (const auto status = my.base.db->Put(synced(), my.base[family::meta],
                                          batch_key, record(result));
      !status.ok())
    throw std::runtime_error{
      my.fail("The store cannot be written (" + text_of(status)
              + "): check the disk, then start rotad again.")};
  my.last_batch = result;
  return {result};
}

std::vector<batch_row> store::batches() const {
  std::vector<batch_row> result;
  auto good = true;
  const auto read = impl_->scan(family::batch, [&](std::string_view, auto v) {
    auto x = decode<batch_row>(v);
    good = x.has_value();
    if (good)
      result.push_back(std::move(*x));
    return good;
  });
  if (!read || !good)
    impl_->fail(impl_->damaged("the list of batches"));
  return result;
}

std::optional<batch_row> store::batch(batch_id x) const {
  std::string value;
  const auto status
    = impl_->base.db->Get({}, impl_->base[family::batch], be64(x.value),
                          &value);
  if (status.IsNotFound())
    return std::nullopt;
  auto result = status.ok() ? decode<batch_row>(value) : std::nullopt;
  if (!result)
    impl_->fail(impl_->damaged("the state of " + to_string(x)));
  return result;
}

namespace {

/// Walks over the records of a batch's results from an item on.
template <class T, class F>
bool walk(const database& base, batch_id x, uint64_t from_item, F f) {
  const auto end = be64(x.value + 1);
  const rocksdb::Slice bound{end};
  auto options = scanning();
  options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> i{
    base.db->NewIterator(options, base[family::result])};
  for (i->Seek(result_key(x, from_item)); i->Valid(); i->Next()) {
    const auto found = decode<T>(view(i->value()));
    if (!found)
      return false;
    if (!f(*found))
      return true;
  }
  return i->status().ok();
}

} // namespace

batch_resume store::resume_of(const batch_row& x) const {
  batch_resume result{x, {}, {}};
  const auto good = walk<ended_item>(impl_->base, x.id, x.cursor,
                                     [&result](const ended_item& y) {
                                       result.ended.push_back(y);
                                       return true;
                                     });
  if (!good)
    impl_->fail(impl_->damaged("a result of " + to_string(x.id)));
  return result;
}

bool store::for_each_result(
  batch_id x, uint64_t from_item,
  const std::function<bool(const item_result&)>& f) const {
  return walk<item_result>(impl_->base, x, from_item, f);
}

} // namespace rota
