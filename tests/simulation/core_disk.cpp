#include "tests/simulation/core_disk.hpp"

#include "actors/domain/ledger_fold.hpp"
#include "tests/simulation/black_box.hpp"

#include <cstring>

namespace rota::simulation {

namespace {

/// Another chain than the store's, with the same property: whatever changes
/// before an entry changes its digest.
chain_digest digest(const chain_digest& before, const ledger_entry& x) {
  uint64_t halves[2];
  std::memcpy(halves, before.data(), sizeof halves);
  for (const auto part :
       {x.seq, static_cast<uint64_t>(x.kind),
        static_cast<uint64_t>(x.amount.nanos), x.hold.job.item,
        uint64_t{x.hold.attempt}, static_cast<uint64_t>(x.at.millis)}) {
    halves[0] = (halves[0] ^ part) * 0xbf58476d1ce4e5b9u + halves[1];
    halves[1] = (halves[1] ^ (halves[0] >> 31)) * 0x94d049bb133111ebu;
  }
  chain_digest result;
  std::memcpy(result.data(), halves, sizeof halves);
  return result;
}

} // namespace

bool core_disk::begin_write() {
  if (queue_.empty() || !group_.empty())
    return false;
  group_.assign(std::make_move_iterator(queue_.begin()),
                std::make_move_iterator(queue_.end()));
  queue_.clear();
  return true;
}

std::vector<core_record> core_disk::end_write() {
  for (const auto& x : group_)
    keep(x);
  return std::exchange(group_, {});
}

void core_disk::crash(bool torn) {
  if (!torn)
    for (const auto& x : group_)
      keep(x);
  group_.clear();
  queue_.clear();
}

void core_disk::keep(const core_record& x) {
  auto& all = entries_[x.commit.account];
  for (auto entry : x.commit.entries) {
    entry.chain = digest(all.empty() ? chain_digest{} : all.back().chain, entry);
    all.push_back(entry);
  }
  if (x.commit.row)
    rows_.insert_or_assign(x.commit.account, *x.commit.row);
  if (x.item)
    items_.insert(*x.item);
  if (x.hold)
    holds_.insert(*x.hold);
}

account_head fold_all(account_id id, const std::vector<ledger_entry>& xs) {
  account_head head;
  head.account = id;
  for (const auto& x : xs)
    require(fold(head, x), "I1", "the code cannot fold its own entries");
  if (xs.empty())
    return head;
  require(head.chain == xs.back().chain, "I1", "the chain is not taken over");
  auto again = head;
  require(!fold(again, xs.back()), "I5", "a fold takes an entry twice");
  auto next = xs.back();
  next.kind = entry_kind::adjust;
  next.hold = {};
  next.amount = {};
  next.seq += 2;
  again = head;
  require(!fold(again, next), "I1", "a fold does not notice a gap");
  --next.seq;
  next.balance_after += money{1};
  again = head;
  require(!fold(again, next), "I1", "a fold does not notice a false balance");
  next.balance_after -= money{1};
  next.held_after += money{1};
  again = head;
  require(!fold(again, next), "I2", "a fold does not notice false holds");
  return head;
}

} // namespace rota::simulation
