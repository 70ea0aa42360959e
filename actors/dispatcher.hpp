#pragma once

#include "actors/domain/account_table.hpp"
#include "actors/domain/affinity.hpp"
#include "actors/domain/expected_account.hpp"
#include "actors/domain/retry.hpp"
#include "actors/domain/saved_tokens.hpp"
#include "actors/domain/selection.hpp"
#include "actors/domain/waiting_lines.hpp"
#include "actors/seeker.hpp"
#include "actors/setup.hpp"
#include "messages/envelopes.hpp"

#include <caf/result.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace rota {

/// State of the DISPATCHER actor. It ranks accounts by what they publish, asks
/// the best for a hold, and the next where that one declines. What it knows
/// may be stale; the accounts decide.
struct dispatcher_state {
  static constexpr const char* name = "dispatcher";

  explicit dispatcher_state(dispatcher_actor::pointer self)
    : self{self}, ranks{strategy::most_balance} {
    // nop
  }

  // -- handlers, in the order of dispatcher_actor -----------------------------

  caf::result<lease> acquire(const acquire_ptr& x);
  void cancel(const job_id& x);
  void publish(const account_state& x);
  void cool(const cooldown_notice& x);
  void exhausted(const job_id& x);
  outlook recovery(const acquire_ptr& x) const;
  void enlist(const enlistment& x);
  void dismiss(account_id x);
  void configure(const routing_setup_ptr& x);
  void halt(const halt_notice& x);
  void drain();
  caf::result<account_views_ptr> accounts();
  void tick();
  pool_view status() const;
  waiting_view waiting_of(const waiting_question& x) const;

  // -- helpers ----------------------------------------------------------------

  /// An account as the dispatcher knows it.
  struct member {
    enlistment about;
    expected_account account;
  };

  /// Views of accounts that are being asked for.
  struct gathering;

  timestamp now() const;

  /// Whether it waits where the account of its conversation is busy.
  bool is_patient(const seeker& x, timestamp t) const;

  /// Why the one account that may serve a job cannot; ok if it can.
  no_pick reason_of_pinned(const hold_request& x,
                           std::span<const account_id> excluded) const;

  /// Why no account can serve a job, leaving a halt of the pool aside.
  no_pick look(const hold_request& x,
               std::span<const account_id> excluded) const;

  /// The account of its conversation, unless that cannot serve it.
  std::optional<account_id> kept_by(const seeker& x, timestamp t) const;

  /// The first of those that can serve whose host was not overloaded for this
  /// job; the best of all, `best`, if there is none.
  account_id elsewhere(const seeker& x, account_id best, timestamp t) const;

  /// The account to ask, or nothing if none can serve now.
  std::optional<account_id> choose(const seeker& x, timestamp t) const;

  /// Asks the best account. @returns False, `x` untouched, if none can serve.
  bool ask(seeker& x, timestamp t);

  /// Asks an account that refuses what the job wants, if that is due for a try
  /// and nobody serves the job.
  /// @returns False, with `x` untouched, if not.
  bool ask_early(seeker& x, account_id id, timestamp t);

  /// Has those fetched into the cache who are asked after this one.
  void fetch_behind(account_id x) const;

  void ask_account(seeker& x, account_id id, timestamp t);

  /// An account gave its word.
  void answered(const seeker& x);

  /// Why a job finds no account now.
  no_pick reason_of(const seeker& x) const;
  no_pick reason_of(const hold_request& x,
                    std::span<const account_id> excluded) const;

  /// What is told of a pick, null if nobody asks; `why` is ok if it succeeded.
  pick_record_ptr record_of(const seeker& x, std::optional<account_id> chosen,
                            ec why, timestamp t) const;

  /// A refusal; what is told of the pick is its context.
  caf::error refusal_of(const seeker& x, ec why, timestamp t) const;

  /// What waits, as far as it is meant, and why the longest waiting does.
  template <class Predicate>
  waiting_view look_at_waiting(Predicate is_meant) const;

  /// Whether a job is to begin anew: one that it excludes can serve it soon.
  bool is_to_begin_anew(const acquire_request& x, const no_pick& none) const;

  /// Asks, or lets wait, or declines.
  void place(seeker x, timestamp t);

  /// Counts a job that nobody can serve, if nobody serves any.
  void note_refused(seeker& x, ec why);

  void declined(seeker x, account_id from, const caf::error& reason);

  /// Ranks an account by its word and what is asked of it.
  void rank(const member& x);

  /// Gives those that wait another chance, since that account changed.
  void serve(timestamp t, account_id changed = {});

  /// The same for one line. @returns Whether anybody is served.
  bool serve(waiting_lines<seeker>::line& line, timestamp t,
             account_id changed);

  /// Whether a job is to leave the account alone that saves tokens.
  bool is_barred(const job& x, timestamp t) const;

  /// Decides for which of those that wait tokens are saved.
  void save_tokens(timestamp t);

  /// How long a job waits until an account that could serve it has the tokens;
  /// nothing where it is not tokens that it waits for.
  std::optional<milliseconds> wait_for_tokens(const seeker& x, account_id id,
                                              timestamp t) const;

  /// What the least demanding of a line asks for.
  static hold_request least_of(const waiting_lines<seeker>::line& x);

  /// At how many jobs one patrol looks where it looks at all accounts for each.
  size_t looks_at_pool() const;

  /// Refuses those whom nobody will serve in time, as far as one look goes.
  void look_after_waiting(timestamp t);

  void gather_next(const std::shared_ptr<gathering>& x);

  // -- data -------------------------------------------------------------------

  dispatcher_actor::pointer self;
  wall_clock clock;
  routing_setup_ptr setup;
  ranking ranks;
  affinity sessions;
  retry_quota retries;
  account_table<member> members;
  waiting_lines<seeker> waiting;
  line_key served_at;  // The line that was served last.
  line_key looked_at;  // The line that was looked after last.
  saved_tokens saved;
  /// Those for whom an account is being asked.
  std::vector<seeker*> asking;
  uint64_t granted = 0;
  uint64_t declines = 0;
  uint64_t refused = 0;
  ec halted = ec::ok;
  bool stopping = false;
};

/// Spawns the DISPATCHER.
dispatcher_actor::behavior_type
dispatcher(dispatcher_actor::stateful_pointer<dispatcher_state> self,
           wall_clock clock, routing_setup_ptr setup);

} // namespace rota
