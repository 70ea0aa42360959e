#include "actors/domain/client_fold.hpp"
#include "actors/domain/ledger_fold.hpp"
#include "runtime/observe/kill_point.hpp"
#include "runtime/storage/store.hpp"
#include "runtime/storage/store_impl.hpp"

#include <algorithm>

namespace rota {

namespace {

/// A batch of writes that grew beyond this does not keep its memory.
constexpr size_t kept_bytes = 8 << 20;

/// One point for each kind of thing that a group has.
void pass_points(const std::vector<commit_ptr>& group, bool written) {
  for (const auto& x : group) {
    for (const auto& entry : x->entries)
      if (entry.kind == entry_kind::hold)
        kill_point(written ? "hold/after" : "hold/before");
      else if (entry.kind == entry_kind::settle)
        kill_point(written ? "settle/after" : "settle/before");
    if (x->result)
      kill_point(written ? "result/after" : "result/before");
    if (x->batch)
      kill_point(written ? "batch/after" : "batch/before");
  }
}

} // namespace

std::string store::write(const std::vector<commit_ptr>& group) {
  auto& my = *impl_;
  if (my.failure->raised())
    return "The store has failed before; nothing is written to it any more.";
  my.out.Clear();
  auto fault = my.stage_books(group);
  for (const auto& x : group)
    if (x->batch)
      my.put(family::batch, be64(x->batch->id.value), *x->batch);
  my.stage_pins(group);
  if (fault.empty())
    fault = my.stage_results(group);
  if (!fault.empty())
    return my.fail(std::move(fault));
  const auto promised = my.out.Count() > 0;
  my.stage_records(group);
  if (my.out.Count() == 0)
    return {};
  pass_points(group, false);
  const auto now = std::chrono::steady_clock::now();
  fault = my.commit_batch(my.out, promised && my.must_sync(now), promised);
  if (!fault.empty())
    return fault;
  pass_points(group, true);
  if (my.out.GetDataSize() > kept_bytes)
    my.out = rocksdb::WriteBatch{};
  return my.tend(now);
}

uint64_t store::duplicates() const {
  return impl_->duplicates;
}

std::string store::impl::stage_books(const std::vector<commit_ptr>& group) {
  entries.clear();
  for (const auto& x : group)
    entries.insert(entries.end(), x->entries.begin(), x->entries.end());
  std::lock_guard guard{mutex};
  touched.clear();
  account* last = nullptr;
  for (auto& entry : entries) {
    if (last == nullptr || last->head.account != entry.account)
      last = &known(entry.account);
    const auto before = last->head.chain;
    entry.chain = chain.next(before, entry);
    if (!fold(last->head, entry))
      return "The books of account " + std::to_string(entry.account.value)
             + (last->head.name.empty() ? "" : " (" + last->head.name + ")")
             + " do not add up at entry " + std::to_string(entry.seq)
             + ": nothing of it was written; report this with rotad's log.";
    if (const auto client = entry.hold.job.client; client != client_id{}) {
      auto& head = clients[client];
      head.client = client;
      fold(head, entry);
      touched_clients.insert(client);
    }
    touch(*last, before);
    if (!std::exchange(last->touched, true))
      touched.push_back(last);
  }
  if (!entries.empty())
    put(family::ledger, be64(next_segment++), entries);
  stage_heads();
  for (const auto& x : group)
    if (x->account) {
      known(x->account->account).row = *x->account;
      put(family::account, be32(x->account->account.value), *x->account);
    }
  return {};
}

void store::impl::stage_heads() {
  for (auto* x : touched) {
    x->touched = false;
    put(family::head, be32(x->head.account.value), x->head);
  }
  for (const auto id : touched_clients)
    put(family::meta, client_key(id), clients.at(id));
  touched_clients.clear();
}

std::string store::impl::stage_results(const std::vector<commit_ptr>& group) {
  results.clear();
  for (size_t i = 0; i < group.size(); ++i)
    if (group[i]->result)
      results.push_back({group[i]->result->id, i});
  // In the order of their keys, so that two of one line stand side by side.
  std::sort(results.begin(), results.end());
  const job_id* before = nullptr;
  for (const auto& x : results) {
    if (before != nullptr && *before == x.id) {
      ++duplicates;
      continue;
    }
    before = &x.id;
    const auto key = result_key(x.id.batch, x.id.item);
    rocksdb::PinnableSlice found;
    const auto status = base.db->Get({}, base[family::result], key, &found);
    if (status.ok())
      ++duplicates;
    else if (status.IsNotFound())
      put(family::result, key, *group[x.commit]->result);
    else
      return damaged("a result of " + to_string(x.id.batch));
  }
  return {};
}

} // namespace rota
