#pragma once

#include "messages/envelopes.hpp"
#include "tests/simulation/actor_swarm.hpp"
#include "tests/simulation/auditor.hpp"
#include "tests/simulation/batch_auditor.hpp"
#include "tests/simulation/black_box.hpp"

#include <map>
#include <optional>
#include <set>

namespace rota::simulation {

/// What is on the disk, and what is on its way there.
struct disk_state {
  std::vector<commit_ptr> queue;
  std::vector<commit_ptr> group; // Being written.
  std::map<account_id, std::vector<ledger_entry>> entries;
  std::map<account_id, account_row> rows;
  std::map<batch_id, batch_row> batches;
  std::map<job_id, item_result_ptr> results;
  std::set<hold_id> holds;
};

/// All that is not rota: disk, provider and auditors. It outlives the actors
/// that crash.
struct outside {
  explicit outside(uint64_t seed) : random{seed}, world{random} {
    // nop
  }

  /// A call that left.
  struct call {
    hold_id hold;
    account_id account;
    bool charges = false;
    bool succeeds = false;
    bool hardly = false; // Charged, if at all.
    money cost;
  };

  dice random;
  actor_swarm world;
  provider_books provider;
  std::map<account_id, account_auditor> accounts;
  batch_auditor batches;
  disk_state disk;
  /// By token: what was ever held, and what was sent.
  std::map<uint64_t, std::pair<hold_id, account_id>> held;
  std::map<uint64_t, call> calls;
  /// Calls on their way to the provider or back, in order.
  std::map<uint64_t, upstream_call_ptr> there;
  std::map<uint64_t, upstream_call_ptr> back;
  uint64_t next_call = 1;
  /// When each account's balance was asked for, by the wall clock, and what
  /// was said in nanodollars.
  std::map<account_id, std::set<timestamp>> asked;
  std::map<account_id, std::set<int64_t>> figures;
  /// As last handed to the journal in this run.
  std::map<account_id, account_row> rows;
  /// Who is to be left alone: since when, and who was the last to try early.
  struct pause {
    timestamp since;
    std::optional<hold_id> early;
  };
  std::map<account_id, pause> pauses;
  /// The daemon's run; messages of another one come from the dead.
  uint64_t run = 1;
  timestamp now; // True time.
  milliseconds ahead{0};
  bool calm = false;
  std::optional<violation> found;

  bool fault(int64_t permille) {
    return !calm && random.permille(permille);
  }

  milliseconds ms(int64_t from, int64_t to) {
    return milliseconds{random.between(from, to)};
  }

  /// When a charge of now shows up in what the provider says.
  timestamp shown_at() {
    const auto times = fault(world.late) ? 5 : 1;
    return now + ms(0, world.lag.count() * times);
  }

  /// Runs what may throw a violation; an actor would swallow it.
  template <class F>
  void watch(F f) {
    try {
      if (!found)
        f();
    } catch (const violation& x) {
      found = x;
    }
  }

  /// Judges what is handed to the journal.
  void judge(const commit& x);

  /// A group is on disk, as a whole.
  void keep(const commit& x);

  /// The power fails.
  void lose(bool torn);

private:
  void judge_gate(const commit& x);
  void note_row(const account_row& x);
  void judge_money(const ledger_entry& x, bool beside_reading) const;
};

using outside_ptr = std::shared_ptr<outside>;

/// The journal's own interface: a group is written by a message to itself.
using simulated_journal_actor
  = journal_actor::extend<caf::reacts_to<atom::tick>>;

simulated_journal_actor::behavior_type
simulated_journal(simulated_journal_actor::pointer self, outside_ptr world);

/// The upstream's own interface: a call takes two steps, until it reaches the
/// provider, and back.
using simulated_upstream_actor
  = upstream_actor::extend<caf::reacts_to<atom::tick, uint64_t>,
                           caf::reacts_to<atom::outcome, call_outcome>>;

simulated_upstream_actor::behavior_type
simulated_upstream(simulated_upstream_actor::pointer self, outside_ptr world);

/// A call reaches the provider, who may charge it, whether or not anybody
/// lives to hear.
upstream_outcome serve(outside& world, const upstream_call& x);

} // namespace rota::simulation
