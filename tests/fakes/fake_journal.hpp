#pragma once

#include "messages/envelopes.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <memory>
#include <vector>

namespace rota {

/// What a fake journal was given. Shared by the test and the actor, which run
/// on one thread.
struct journal_log {
  /// Everything that was appended, in order.
  std::vector<commit_ptr> commits;
  /// As many of these as were "synced"; a crash loses the rest.
  size_t synced = 0;
  /// Syncs and acknowledges nothing while set.
  bool hold_back = false;
  /// The first result of each item, as the store keeps it.
  std::map<job_id, item_result_ptr> results;

  /// All entries of an account that were synced, in order.
  std::vector<ledger_entry> entries_of(account_id x) const {
    std::vector<ledger_entry> result;
    for (size_t i = 0; i < synced; ++i)
      for (const auto& entry : commits[i]->entries)
        if (entry.account == x)
          result.push_back(entry);
    return result;
  }

  /// Syncs what came so far and acknowledges it in order.
  void sync() {
    for (; synced < commits.size(); ++synced) {
      const auto& x = *commits[synced];
      if (x.result)
        results.emplace(x.result->id, x.result);
      if (x.ack)
        caf::anon_send(x.ack, atom::durable_v, x.token);
    }
  }
};

using journal_log_ptr = std::shared_ptr<journal_log>;

/// Stands in for the JOURNAL on the deterministic scheduler.
inline journal_actor::behavior_type fake_journal(journal_actor::pointer,
                                                 journal_log_ptr log) {
  return {[log](atom::append, const commit_ptr& x) {
    log->commits.push_back(x);
    if (!log->hold_back)
      log->sync();
  }};
}

} // namespace rota
