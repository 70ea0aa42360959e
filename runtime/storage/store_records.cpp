// The records of requests: written with the group they come in, read from the
// newest to the oldest, and removed from the oldest end.

#include "runtime/storage/store.hpp"
#include "runtime/storage/store_impl.hpp"

#include <algorithm>

namespace rota {

namespace {

using namespace std::chrono_literals;

/// How often the oldest records are looked at.
constexpr auto prune_delay = 60s;

/// Records that are looked at in one step between two groups: some
/// milliseconds.
constexpr uint64_t prune_step = 10'000;

constexpr auto count_key = "records";

timestamp wall_now() {
  return {std::chrono::duration_cast<milliseconds>(
            std::chrono::system_clock::now().time_since_epoch())
            .count()};
}

} // namespace

// -- writing ------------------------------------------------------------------

std::string store::impl::load_record_count() {
  const auto found = number(count_key, 0);
  if (!found)
    return damaged("the number of its records");
  records = *found;
  return {};
}

void store::impl::stage_records(const std::vector<commit_ptr>& group) {
  const uint64_t before = records;
  for (const auto& x : group)
    if (x->record) {
      auto key = record_key(x->record->id);
      put(family::record, key, *x->record);
      ++records;
      // Requests are numbered when they begin and noted when they end: younger
      // ones may have been removed meanwhile.
      if (key < oldest_record) {
        std::lock_guard guard{mutex};
        oldest_record = std::move(key);
      }
    }
  if (records != before)
    put(family::meta, count_key, uint64_t{records});
}

uint64_t store::impl::surplus() const {
  // Counted off in lots, so that not each write removes one.
  const uint64_t most = record_max;
  return records > most + most / 64 ? records - most : 0;
}

store::impl::steady::time_point store::impl::prune_due() const {
  return surplus() > 0 ? steady::time_point{} : pruned_at + prune_delay;
}

std::string store::impl::prune(steady::time_point now) {
  const auto cutoff = wall_now() - milliseconds{record_keep_ms};
  const auto too_many = surplus();
  const auto oldest = oldest_record; // Only this thread changes it.
  std::string end;
  uint64_t gone = 0;
  auto more = false;
  const rocksdb::Slice bound{oldest};
  auto options = scanning();
  options.iterate_lower_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> i{
    base.db->NewIterator(options, base[family::record])};
  for (i->SeekToFirst(); i->Valid(); i->Next()) {
    const auto head = decode<record_head>(view(i->value()));
    if (!head)
      return damaged("the record of a request");
    more = gone == prune_step;
    if (more || (gone >= too_many && head->at >= cutoff))
      break;
    ++gone;
    end = std::string{view(i->key())} + '\0';
  }
  if (!i->status().ok())
    return damaged("the records of requests");
  pruned_at = more ? now - prune_delay : now;
  // Once none is left the number is known, whatever was counted: it would else
  // be due for ever to remove records that there are not.
  const auto left = i->Valid() ? records - std::min<uint64_t>(records, gone)
                               : uint64_t{0};
  if (gone == 0 && left == records)
    return {};
  records = left;
  std::string count;
  encode(count, uint64_t{records});
  rocksdb::WriteBatch batch;
  if (gone > 0)
    batch.DeleteRange(base[family::record], oldest, end);
  batch.Put(base[family::meta], count_key, count);
  auto fault = commit_batch(batch, false, false);
  if (std::lock_guard guard{mutex}; gone > 0)
    oldest_record = std::move(end);
  return fault;
}

// -- reading ------------------------------------------------------------------

void store::keep_records(const record_options& x) {
  impl_->record_keep_ms = x.keep.count();
  impl_->record_max = x.max;
}

uint64_t store::records() const {
  return impl_->records;
}

std::optional<usage_record> store::find_record(const request_id& x) const {
  std::string value;
  const auto status = impl_->base.db->Get({}, impl_->base[family::record],
                                          record_key(x), &value);
  if (status.IsNotFound())
    return std::nullopt;
  auto result = status.ok() ? decode<usage_record>(value) : std::nullopt;
  if (!result)
    impl_->fail(impl_->damaged("the record of " + to_string(x)));
  return result;
}

bool store::for_each_record(
  const std::function<bool(const usage_record&)>& f) const {
  std::string oldest;
  {
    std::lock_guard guard{impl_->mutex};
    oldest = impl_->oldest_record;
  }
  const rocksdb::Slice bound{oldest};
  auto options = scanning();
  options.iterate_lower_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> i{
    impl_->base.db->NewIterator(options, impl_->base[family::record])};
  for (i->SeekToLast(); i->Valid(); i->Prev()) {
    const auto found = decode<usage_record>(view(i->value()));
    if (!found)
      return false;
    if (!f(*found))
      return true;
  }
  return i->status().ok();
}

} // namespace rota
