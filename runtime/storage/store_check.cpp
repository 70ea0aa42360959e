// Whether the heads follow from the last entries of the ledger. All entries are
// for `rota fsck`: this must not grow with the ledger.

#include "runtime/storage/store.hpp"
#include "runtime/storage/store_impl.hpp"

namespace rota {

namespace {

/// More than the log can hold back from the table files: what a crash can
/// have touched is among these.
constexpr uint64_t checked_entries = 100'000;

bool agrees(const account_head& head, const ledger_entry& last) {
  return head.seq == last.seq && head.chain == last.chain
         && head.balance == last.balance_after && head.held == last.held_after;
}

} // namespace

std::string store::impl::check_ledger_end() {
  // Of each account, the entry after the one that comes next.
  std::unordered_map<account_id, ledger_entry> later;
  const std::unique_ptr<rocksdb::Iterator> i{
    base.db->NewIterator(scanning(), base[family::ledger])};
  i->SeekToLast();
  if (i->Valid())
    next_segment = from_be64(view(i->key())) + 1;
  for (uint64_t n = 0; i->Valid() && n < checked_entries; i->Prev()) {
    const auto segment
      = decode<std::vector<ledger_entry>>(view(i->value()));
    if (!segment)
      return damaged("segment " + std::to_string(from_be64(view(i->key())))
                     + " of the ledger");
    for (auto x = segment->rbegin(); x != segment->rend(); ++x, ++n) {
      const auto next = later.find(x->account);
      const auto good = next == later.end()
                          ? agrees(known(x->account).head, *x)
                          : next->second.seq == x->seq + 1
                              && next->second.chain
                                   == chain.next(x->chain, next->second);
      if (!good)
        return refuse_incomplete("the books of " + name_of(x->account)
                                 + " do not follow from its entries (entry "
                                 + std::to_string(x->seq) + ")");
      later.insert_or_assign(x->account, *x);
    }
  }
  return i->status().ok() ? std::string{} : damaged("the ledger's end");
}

} // namespace rota
