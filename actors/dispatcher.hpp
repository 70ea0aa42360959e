#pragma once

#include "actors/domain/account_table.hpp"
#include "actors/domain/affinity.hpp"
#include "actors/domain/retry.hpp"
#include "actors/domain/selection.hpp"
#include "actors/domain/waiting_line.hpp"
#include "actors/setup.hpp"
#include "messages/envelopes.hpp"
#include "messages/money_sum.hpp"

#include <caf/response_promise.hpp>
#include <caf/result.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <map>

namespace rota {

/// State of the DISPATCHER actor. It ranks accounts by what they publish, asks
/// the best for a hold, and the next where that one declines. What it knows
/// may be stale; the accounts decide.
struct dispatcher_state {
  static constexpr const char* name = "dispatcher";

  using promise = caf::typed_response_promise<lease>;

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

  /// A job that looks for an account.
  struct seeker {
    acquire_ptr want;
    promise answer;
    /// Accounts not to be asked (again).
    std::vector<account_id> excluded;
    timestamp since;
    bool refused = false;  // Counted as refused already.
    bool recalled = false; // Nobody wants it any more.
    size_t asking_at = 0;  // Its place in `asking`.
    pick_record_ptr why = nullptr; // Where that is to be told.
  };

  /// An account as the dispatcher knows it.
  struct member {
    enlistment about;
    account_state state; // As it published it.
    /// List costs of the holds that were asked for and that `state` does not
    /// contain yet, in order. They count as if they were granted, or a burst
    /// would ask one account for more than it has before its next word comes.
    std::vector<money> asked;
    money_sum asked_cost;
    /// Holds asked for in all, as the account counts them.
    uint64_t asks = 0;
  };

  struct gathering {
    caf::typed_response_promise<account_views_ptr> answer;
    std::vector<account_actor> left;
    std::vector<account_view> views;
    size_t open = 0;
  };

  timestamp now() const;
  static demand demand_of(const hold_request& x, timestamp t);

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
  bool serve(std::deque<seeker>& line, timestamp t, account_id changed);

  /// Decides for which of those that wait tokens are saved.
  void save_tokens(timestamp t);
  std::optional<milliseconds> wait_for_tokens(const seeker& x, account_id id,
                                              timestamp t) const;

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
  std::map<line_key, std::deque<seeker>> lines;
  line_key looked_at{}, served_at{};
  saved_tokens saved;
  /// Those for whom an account is being asked.
  std::vector<seeker*> asking;
  uint64_t waiting = 0;
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
