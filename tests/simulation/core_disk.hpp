#pragma once

#include "tests/simulation/core_account.hpp"

#include <deque>
#include <map>
#include <set>

namespace rota::simulation {

/// What is written at once, and who waits for it.
struct core_record {
  core_commit commit;
  /// The hold whose request may leave once this is written.
  std::optional<hold_id> hold;
  /// The item that ends with this.
  std::optional<uint64_t> item;
};

/// The journal's promise as a model: records are written in groups, in order;
/// only what was synced is acknowledged and survives a crash for sure.
class core_disk {
public:
  void append(core_record x) {
    queue_.push_back(std::move(x));
  }

  /// Begins to write what gathered. @returns False if nothing is to be done.
  bool begin_write();

  /// The group is on the disk. @returns What it contained.
  std::vector<core_record> end_write();

  bool idle() const {
    return queue_.empty() && group_.empty();
  }

  /// Power is lost. A group that was being written is there or is not: it is
  /// torn, and found out by its checksum.
  void crash(bool torn);

  const std::vector<ledger_entry>& entries(account_id x) {
    return entries_[x];
  }

  const core_row* row(account_id x) const {
    const auto i = rows_.find(x);
    return i != rows_.end() ? &i->second : nullptr;
  }

  bool has(uint64_t item) const {
    return items_.contains(item);
  }

  bool holds(const hold_id& x) const {
    return holds_.contains(x);
  }

private:
  void keep(const core_record& x);

  std::deque<core_record> queue_;
  std::vector<core_record> group_; // Being written.
  std::map<account_id, std::vector<ledger_entry>> entries_;
  std::map<account_id, core_row> rows_;
  std::set<uint64_t> items_;
  std::set<hold_id> holds_;
};

/// Folds all entries and checks what a fold must refuse: a repeat, a gap, a
/// figure that is off.
/// @throws violation
account_head fold_all(account_id id, const std::vector<ledger_entry>& xs);

} // namespace rota::simulation
