#pragma once

#include "actors/domain/ledger.hpp"
#include "runtime/storage/chain.hpp"
#include "runtime/storage/store.hpp"
#include "tests/runtime/storage_samples.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/process.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace rota {

/// A store in a directory of its own that can be closed and opened again.
struct store_fixture {
  temp_dir dir;
  store_options options;
  std::vector<std::string> failures;
  std::unique_ptr<store> disk;

  store_fixture() {
    open();
  }

  std::string path() const {
    return dir / "store";
  }

  /// @returns Why it did not open; empty if it did.
  std::string open() {
    disk.reset();
    auto opened = store::open(path(), options, [this](const std::string& x) {
      failures.push_back(x);
    });
    disk = std::move(opened.disk);
    return opened.fault;
  }

  static commit_ptr booking(std::vector<ledger_entry> entries) {
    auto x = std::make_shared<commit>();
    x->entries = std::move(entries);
    return x;
  }

  static commit_ptr ending(batch_id batch, uint64_t item,
                           std::string body = "{}") {
    auto x = std::make_shared<commit>();
    auto result = std::make_shared<item_result>();
    result->id = {batch, item};
    result->line = item + 1;
    result->body = std::move(body);
    result->cost = {static_cast<int64_t>(item)};
    x->result = std::move(result);
    return x;
  }

  std::vector<item_result> results(batch_id batch, uint64_t from = 0) const {
    std::vector<item_result> found;
    CHECK(disk->for_each_result(batch, from, [&found](const item_result& x) {
      found.push_back(x);
      return true;
    }));
    return found;
  }
};

/// Whether every account's chain is right from its first entry to its head.
inline bool chained(const store& disk) {
  entry_chain links;
  for (const auto& head : disk.heads()) {
    chain_digest digest{};
    uint64_t seq = 0;
    auto good = true;
    const auto read
      = disk.for_each_entry(head.account, [&](const ledger_entry& x) {
          digest = links.next(digest, x);
          good = good && x.seq == ++seq && x.chain == digest;
        });
    if (!read || !good || seq != head.seq || head.chain != digest)
      return false;
  }
  return true;
}

/// Whether two heads say the same; open holds have no order.
inline bool same_books(account_head x, account_head y) {
  const auto by_id = [](auto& a, auto& b) { return a.id < b.id; };
  std::sort(x.holds.begin(), x.holds.end(), by_id);
  std::sort(y.holds.begin(), y.holds.end(), by_id);
  const auto same_hold = [](auto& a, auto& b) {
    return a.id == b.id && a.amount == b.amount
           && a.expires_at == b.expires_at && a.in_doubt == b.in_doubt;
  };
  return x.account == y.account && x.seq == y.seq && x.balance == y.balance
         && x.held == y.held && x.reading == y.reading
         && x.read_cut == y.read_cut
         && x.funded == y.funded && x.calls == y.calls && x.spent == y.spent
         && x.overruns == y.overruns && x.lates == y.lates
         && std::equal(x.holds.begin(), x.holds.end(), y.holds.begin(),
                       y.holds.end(), same_hold);
}

} // namespace rota
