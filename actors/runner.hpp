#pragma once

#include "actors/domain/call_cost.hpp"
#include "actors/domain/record_draft.hpp"
#include "actors/domain/retry.hpp"
#include "actors/setup.hpp"
#include "messages/envelopes.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <optional>
#include <random>

namespace rota {

/// Whom a runner talks to.
struct runner_peers {
  dispatcher_actor dispatcher;
  upstream_actor upstream;
  journal_actor journal;
};

/// State of a RUNNER actor: one job from hold to settlement, attempts
/// included; then it ends. It keeps no money; it tells the account how each
/// attempt ended.
struct runner_state {
  static constexpr const char* name = "runner";

  explicit runner_state(runner_actor::pointer self) : self{self} {
    // nop
  }

  // -- handlers, in the order of runner_actor ---------------------------------

  void tick();
  void durable(uint64_t token);
  void outcome(const call_outcome& x);
  void cancel();
  void pause();
  void resume();
  void drain();

  // -- helpers ----------------------------------------------------------------

  timestamp now() const;

  /// Completes the end of an attempt with what it cost.
  void note_cost(attempt_end& to, const upstream_outcome& x) const;
  answer_usage usage_of(const upstream_outcome& x) const;

  tariff prices() const {
    return {*setup->prices, setup->routing.unpriced_call};
  }

  /// The hold's attempt number of the present try.
  uint32_t attempt() const {
    return work->attempt_base + tries;
  }

  /// Names the present call at the upstream; no two calls share one.
  uint64_t call_token() const {
    return std::hash<hold_id>{}({work->id, attempt()});
  }

  /// Takes the next step of a job that neither holds money, nor asks for an
  /// account, nor waits for its time.
  void go_on();

  /// Gets the job back from where it waits; it then goes on.
  void call_back();

  /// Asks for an account.
  void acquire();
  void granted(const lease& x);
  /// @param hopeless Nobody will serve it before its deadline.
  void declined(ec why, bool hopeless = false);

  /// Whether who failed it may serve it in time.
  void look_ahead();

  /// Notes how an account was picked, or why none was.
  void note_held(const lease& x);
  void note_refusal(const caf::error& x);

  /// Notes the answer to the present attempt.
  void note_answer(const attempt_end& x, const upstream_outcome& y);

  /// The whole record of a request that has ended so; null where none is kept.
  usage_record_ptr record_of(const item_result& x);

  /// Stores the record of a request that has ended without a hold.
  void store_record(usage_record_ptr x);

  /// Sends the request once money is held and that is on disk.
  void send_if_ready();

  /// The job as the account that holds money for it is to get it.
  upstream_request_ptr next_request(timestamp t) const;

  /// Whether the job is sent with our question for its usage in it.
  bool asks_for_usage() const;

  /// Whether the job may be sent again after this failure.
  bool may_repeat(const verdict& x, bool was_sent) const;

  void succeeded(attempt_end end, const upstream_outcome& x);
  void failed(attempt_end end, const upstream_outcome& x);

  /// Ends a hold under which nothing was sent.
  void give_back(item_result_ptr result);

  /// Tells the account how the attempt ended, with the job's result if this
  /// was the last.
  void end_attempt(attempt_end end, item_result_ptr result);

  /// Ends the job without a hold being open.
  void end_without_hold(item_result_ptr result);

  /// Whether a result says all that is to be told: a client that the pool
  /// refused wants to know when that is back.
  bool is_complete(const item_result& x) const;

  /// Ends this actor, once the result is complete.
  void finish(item_result_ptr result);
  void tell(item_result_ptr result);

  /// Asks when the job may be served, once it is known how its last try ended.
  void ask_outlook(std::vector<account_id> without,
                   std::function<void(const outlook&)> f);

  /// Tells the owner of a stored job.
  void tell_stage(bool holds) const;

  item_result result_of(item_state state) const;

  void wait_and_retry();

  // -- data -------------------------------------------------------------------

  runner_actor::pointer self;
  wall_clock clock;
  runner_peers peers;
  routing_setup_ptr setup;
  job_ptr work;
  job_owner_actor owner;
  std::optional<retry_budget> budget;
  std::optional<record_draft> draft; // Where a record is kept.
  std::vector<account_id> excluded;
  std::vector<account_id> overloaded; // Among them.
  std::vector<account_id> refusing;   // As well: those that always will.
  std::optional<lease> held;
  account_actor last_asked; // Whose lease ended last.
  timestamp began;
  money list_cost; // The estimate at list price.
  money spent; // Over all attempts.
  uint32_t tries = 0;
  uint32_t durable_attempt = 0;
  bool sent = false;
  bool asking = false; // The dispatcher has it.
  bool timed = false;  // A tick is on its way.
  bool cancelled = false;
  bool resting = false;
  bool stopping = false;
  bool late = false; // The deadline has ended it.
  bool unasked = false; // For its usage: a site refused that.
  verdict last_failure;
  int last_status = 0;
  std::string last_body;
  std::string last_type;
  std::string last_request_id;
  std::minstd_rand random;
};

/// Spawns a RUNNER; it begins at once.
runner_actor::behavior_type
runner(runner_actor::stateful_pointer<runner_state> self, wall_clock clock,
       runner_peers peers, routing_setup_ptr setup, job_ptr work,
       job_owner_actor owner);

} // namespace rota
