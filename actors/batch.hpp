#pragma once

#include "actors/domain/batch_plan.hpp"
#include "actors/setup.hpp"
#include "messages/envelopes.hpp"

#include <caf/result.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace rota {

/// Starts a runner for a job.
using runner_factory
  = std::function<runner_actor(job_ptr work, batch_actor owner)>;

/// Whom a batch talks to, and how it starts runners.
struct batch_peers {
  spool_actor spool;
  journal_actor journal;
  runner_factory start_runner;
};

/// State of a BATCH actor: one file, a window of runners, and a cursor from
/// which it goes on after a restart. Memory is bounded by the window, whatever
/// the file.
struct batch_actor_state {
  static constexpr const char* name = "batch";

  explicit batch_actor_state(batch_actor::pointer self) : self{self} {
    // nop
  }

  // -- handlers, in the order of batch_actor ----------------------------------

  void durable(uint64_t token);
  void finish(const item_result_ptr& x);
  void dismiss(const job_id& x);
  void publish(const job_stage& x);
  caf::result<batch_view> drain();
  caf::result<batch_view> pause();
  caf::result<batch_view> resume();
  caf::result<batch_view> cancel();
  void configure(const batch_setup_ptr& x);
  void tick();
  batch_view status() const;

  // -- helpers ----------------------------------------------------------------

  timestamp now() const;

  /// Lines in flight at most: its own number, or what holds for all.
  size_t max_in_flight() const;

  /// Starts lines as far as window, limit and state allow.
  void fill();
  void start(const line_block_ptr& block, const line_block::line& line);

  /// @returns Why a line must not be sent again; empty if it may be.
  std::string fault_of_repeat(uint64_t item) const;

  /// How often the daemon ended while a line's call was under way.
  uint32_t ends_of(uint64_t item) const;

  /// How often a line was perhaps charged by earlier runs.
  uint32_t doubts_of(uint64_t item) const;

  /// Ends a line without an attempt.
  void refuse(const line_block::line& line, std::string custom_id,
              std::string code, std::string text);

  /// Asks for more lines, if there are any and none are on their way.
  void read_on();
  void take_lines(const line_block_ptr& x);

  /// The file cannot be read on for now: a disk or a lack of descriptors may
  /// be over soon, so `tick` has it tried again.
  void unreadable(std::string why);

  /// Counts an item that has ended for good and moves the cursor.
  void count(const ended_item& x);

  /// Ends the batch once nothing is left to do.
  void conclude();

  /// Tells every runner.
  template <class Verb>
  void tell_runners(Verb verb) {
    for (const auto& [item, line] : in_flight)
      self->send(line.runner, verb);
  }

  /// Takes a line out of those in flight.
  bool take_out(uint64_t item);

  /// Hands the row to the journal, which acknowledges the token, if any.
  void store(std::optional<uint64_t> token = std::nullopt);

  /// The answer comes once the change is on disk.
  using promise = caf::typed_response_promise<batch_view>;
  promise change(batch_state state);

  // -- data -------------------------------------------------------------------

  batch_actor::pointer self;
  wall_clock clock;
  batch_peers peers;
  batch_setup_ptr setup;
  batch_row row;
  uint32_t attempt_base = 0;
  /// Next item to be started, and to be read; both follow the cursor.
  uint64_t next = 0;
  uint64_t read_to = 0;
  bool reading = false;
  bool row_changed = false;
  bool concluded = false;
  /// Whoever waits until nothing is in flight, since the daemon stops.
  std::optional<promise> drained;
  /// Whoever changed its state and waits for the disk, by token.
  std::map<uint64_t, promise> unconfirmed;
  uint64_t changes = 0;
  std::string broken; // Why the file cannot be read on.
  timestamp read_again; // When it is tried again,
  milliseconds read_pause{0}; // which is longer each time.
  std::deque<std::pair<line_block_ptr, size_t>> blocks;
  struct started_line {
    runner_actor runner;
    bool held = false; // Money is held for it.
  };
  std::unordered_map<uint64_t, started_line> in_flight;
  uint64_t held = 0; // Of those.
  /// Results on their way to the disk.
  std::unordered_map<uint64_t, ended_item> writing;
  /// Results that reached the disk before their runner's word came.
  std::unordered_set<uint64_t> early;
  /// Items behind the cursor that have ended for good.
  std::map<uint64_t, ended_item> ahead;
  /// Holds of earlier runs, as this one found them.
  std::unordered_map<uint64_t, uint32_t> doubts;
  batch_counts counts;
  uint64_t ended_here = 0;
  timestamp began;
};

/// Spawns a BATCH.
/// @param attempt_base 256 times the number of this run of the daemon.
batch_actor::behavior_type
batch(batch_actor::stateful_pointer<batch_actor_state> self, wall_clock clock,
      batch_peers peers, batch_setup_ptr setup, batch_resume from,
      uint32_t attempt_base);

} // namespace rota
