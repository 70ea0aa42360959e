#include "runtime/observe/kill_point.hpp"
#include "runtime/storage/record_reader.hpp"
#include "runtime/storage/store.hpp"
#include "runtime/storage/store_impl.hpp"

#include <rocksdb/utilities/checkpoint.h>

#include <filesystem>

namespace rota {

namespace {

/// Bytes that are rewritten in one synced write.
constexpr size_t step_bytes = 1 << 20;

} // namespace

// Schema 7 kept the whole hold of every doubt, schema 6 knew no presumed costs
// and no prices of its records, schema 5 no records of requests: there is
// nothing to rewrite.
//
// Schema 4 knew no likelihood of doubts and no learnt posting lag, schema 3 no
// clients: there is nothing to rewrite.
//
// Schema 2 had no high-water file: opening makes one, and says so by the number
// of the schema in the same write as the new run.
//
// Schema 1 had no chains. Each segment says by its own version whether it has
// been rewritten, and a rewritten one holds the digests to go on from: so a
// migration that was interrupted simply begins again. The heads and the number
// of the schema come last, together; until then the store is one of schema 1.

std::string store::impl::migrate() {
  const auto found = number(schema_key, schema);
  if (!found)
    return damaged("the number of its schema");
  if (*found > schema)
    return refuse_newer("schema " + std::to_string(*found));
  if (*found == schema)
    return {};
  migrated_from = *found;
  auto fault = keep_copy(*found);
  kill_point("migrate/copied");
  chain_ends ends;
  if (fault.empty() && *found < 2)
    fault = chain_segments(ends);
  kill_point("migrate/segments");
  if (fault.empty() && *found < 2)
    fault = chain_heads(ends);
  kill_point("migrate/heads");
  return fault;
}

std::string store::impl::keep_copy(uint64_t from) const {
  const auto copy = dir + ".schema-" + std::to_string(from);
  if (std::filesystem::exists(copy))
    return {}; // Of the attempt that was interrupted.
  rocksdb::Checkpoint* made = nullptr;
  auto status = rocksdb::Checkpoint::Create(base.db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint{made};
  if (status.ok())
    status = checkpoint->CreateCheckpoint(copy);
  if (status.ok())
    return {};
  return "The store in " + dir + " must be migrated from schema "
         + std::to_string(from) + ", but cannot be copied to " + copy
         + " before (" + text_of(status)
         + "): free some space there, then start rotad again.";
}

std::string store::impl::flush_migrated() {
  kill_point("migrate/step");
  const auto status = base.db->Write(synced(), &out);
  out.Clear();
  if (status.ok())
    return {};
  return "The migration of the store in " + dir + " stopped ("
         + text_of(status)
         + "): check the disk, then start rotad again; it goes on.";
}

std::string store::impl::chain_segments(chain_ends& ends) {
  std::string fault;
  const auto read = scan(family::ledger, [&](auto key, auto value) {
    auto segment = decode<std::vector<ledger_entry>>(value);
    if (!segment) {
      fault = damaged("segment " + std::to_string(from_be64(key))
                      + " of the ledger");
      return false;
    }
    const auto fresh = record_reader{value}.version() >= 2;
    for (auto& x : *segment) {
      auto& end = ends[x.account];
      const auto digest = chain.next(end.chain, x);
      if (x.seq != end.seq + 1 || (fresh && x.chain != digest)) {
        fault = damaged("entry " + std::to_string(end.seq + 1)
                        + " of account " + std::to_string(x.account.value));
        return false;
      }
      x.chain = digest;
      end = x;
    }
    if (!fresh)
      put(family::ledger, std::string{key}, *segment);
    if (out.GetDataSize() > step_bytes)
      fault = flush_migrated();
    return fault.empty();
  });
  return read ? fault : damaged("the ledger");
}

std::string store::impl::chain_heads(const chain_ends& ends) {
  std::string fault;
  const auto read = scan(family::head, [&](auto key, auto value) {
    auto head = decode<account_head>(value);
    const auto end
      = head ? ends.find(head->account) : chain_ends::const_iterator{};
    if (!head || (head->seq > 0 && end == ends.end())
        || (head->seq > 0 && end->second.seq != head->seq)) {
      fault = damaged("the books of account " + std::to_string(from_be32(key)));
      return false;
    }
    if (head->seq > 0)
      head->chain = end->second.chain;
    put(family::head, std::string{key}, *head);
    return true;
  });
  if (!read)
    return damaged("the books");
  if (!fault.empty())
    return fault;
  put(family::meta, schema_key, uint64_t{2});
  return flush_migrated();
}

} // namespace rota
