#pragma once

#include "actors/domain/books_watch.hpp"
#include "actors/domain/health.hpp"
#include "actors/domain/ledger.hpp"
#include "actors/domain/limiter.hpp"
#include "actors/domain/shortage.hpp"
#include "actors/domain/wake_timer.hpp"
#include "actors/domain/window_sum.hpp"
#include "actors/setup.hpp"
#include "messages/envelopes.hpp"

#include <caf/result.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <random>

namespace rota {

/// What an account was when the daemon last ran.
struct account_memory {
  account_head head;
  /// Absent for an account that is new.
  std::optional<account_row> row;
  /// How its holds ended lately.
  std::vector<past_hold> ended;
};

/// State of the ACCOUNT actor, the only writer of one account's books, health
/// and limits. Every handler has one shape: read the clock once, ask the
/// domain, hand the journal what changed, publish, answer. Nothing blocks.
struct account_actor_state {
  static constexpr const char* name = "account";

  explicit account_actor_state(account_actor::pointer self) : self{self} {
    // nop
  }

  // -- handlers, in the order of account_actor --------------------------------

  caf::result<hold_grant, account_state> hold(const acquire_ptr& x);
  void settle(const attempt_end_ptr& x);
  void cool(const cooldown_notice& x);
  reading_cut cut() const;
  void reading(const balance_reading& x);
  void outcome(const probe_report& x);
  caf::result<account_view> administer(admin_state x);
  caf::result<account_view> adjust(money x);
  void durable(uint64_t token);
  void configure(const account_setup_ptr& x);
  void tick();
  account_view status() const;

  // -- helpers ----------------------------------------------------------------

  void init(wall_clock wall, journal_actor disk, dispatcher_actor pool,
            account_setup_ptr options, const account_memory& memory);

  /// @returns Wall time, read from the actor system's own clock.
  timestamp now() const;

  caf::result<hold_grant, account_state> hold_nothing(const acquire_request& x,
                                                      timestamp t);

  /// Whether any request could be sent now, its size and model aside; `early`
  /// where nobody else serves it.
  ec refusal(timestamp t, bool early = false) const;

  /// Whether a call that costs nothing could be sent now.
  ec free_refusal(timestamp t, bool early = false) const;

  /// When it may be tried although it is refused; "never" if it may not.
  timestamp early_at(timestamp t) const;

  /// How many may be in flight now.
  uint32_t limit(timestamp t) const;

  /// When that refusal ends by time alone.
  timestamp back_at(ec refused, timestamp t) const;

  /// What is left, holds not counted, decides whether funds are low: holds
  /// come and go with each request.
  funds_state funds() const;

  /// Why it serves less than it could, and until when.
  void tell_condition(account_view& x, timestamp t) const;

  /// What `available`, or what the provider refused, leaves for holds above the
  /// floor.
  money spendable(timestamp t) const;

  /// Has its provider asked soon for what is left, though not time and again.
  void ask_reading(timestamp t);

  /// Hands the journal what an operator changed, to answer once it has it.
  caf::result<account_view> confirm(timestamp t);

  /// Hands the journal what changed.
  void persist(timestamp t, durable_actor ack = {}, uint64_t token = 0,
               item_result_ptr result = nullptr,
               usage_record_ptr record = nullptr);

  /// What the dispatcher is to know of it, to be told at once. Has `tick` come
  /// when time changes something.
  account_state next_state(timestamp t);

  /// Tells the dispatcher.
  void publish(timestamp t);
  void arm(timestamp t);

  // -- data -------------------------------------------------------------------

  account_actor::pointer self;
  wall_clock clock;
  journal_actor journal;
  dispatcher_actor dispatcher;
  // What each hold touches comes first, and lies together.
  admin_state admin = admin_state::ready;
  bool low = false;
  bool admin_changed = false;
  bool refuses_asking = false; // For usage; learnt, until the next start.
  uint64_t version = 0, answered = 0; // Requests for a hold.
  wake_timer ticks;
  std::optional<money> least_hold; // Of this run.
  uint64_t stored_revision = 0, stored_watch = 0;
  milliseconds stored_lag{0};
  uint64_t successes = 0;
  std::minstd_rand random;
  std::optional<limiter> limits;
  std::optional<health> condition;
  std::optional<ledger> books;
  std::optional<window_sum> window;
  std::optional<books_watch> watch;
  account_setup setup;
  shortage scarce; // Forgotten with the run.
  probe_report probe; // The last one of this run.
  timestamp wanted_reading; // When it was last asked for here.
  /// Operators who wait for the disk, by token.
  std::map<uint64_t, caf::typed_response_promise<account_view>> unconfirmed;
  uint64_t next_token = 0;
};

/// Spawns an ACCOUNT. Holds that the memory contains are in doubt: whoever
/// made them is dead.
account_actor::behavior_type
account(account_actor::stateful_pointer<account_actor_state> self,
        wall_clock clock, journal_actor journal, dispatcher_actor dispatcher,
        account_setup_ptr setup, account_memory memory);

} // namespace rota
