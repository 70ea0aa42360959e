#pragma once

#include "actors/domain/site_units.hpp"
#include "actors/setup.hpp"
#include "messages/envelopes.hpp"

#include <caf/result.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <random>
#include <unordered_map>

namespace rota {

/// State of the REFRESHER actor: asks each provider on a timer what is left,
/// and tells the account. Accounts of one host are asked a few at a time, at
/// moments spread by jitter: relays limit by address.
struct refresher_state {
  static constexpr const char* name = "refresher";

  explicit refresher_state(refresher_actor::pointer self) : self{self} {
    // nop
  }

  // -- handlers, in the order of refresher_actor ------------------------------

  void enlist(const probe_target& x);
  void dismiss(account_id x);
  caf::result<probe_report> refresh(account_id x);
  void drain();
  void outcome(const call_outcome& x);
  void tick();

  // -- helpers ----------------------------------------------------------------

  /// One account's probe.
  struct probe {
    probe_target target;
    timestamp due;
    /// 0: none under way.
    uint64_t token = 0;
    /// Whose slot it takes while it is under way.
    std::string host;
    reading_cut cut;
    /// It is asked for its site's units before all else.
    bool asks_units = false;
    std::vector<upstream_request> requests;
    std::vector<upstream_outcome_ptr> answers;
    uint32_t failures = 0;
    /// Who wants to know how it goes.
    std::vector<caf::typed_response_promise<probe_report>> asking;
  };

  /// In what a host counts, and until when that is believed.
  struct known_units {
    site_units units;
    timestamp until;
  };

  timestamp now() const;

  /// Notes what a host says of its units, or says why it does not.
  void learn_units(probe& x, const upstream_outcome& said);
  void begin(probe& x, timestamp t);
  void ask(probe& x);
  void conclude(probe& x);

  /// It did not say what is left: asks again later and later.
  void fail(probe& x, const std::string& why,
            failure_class against = failure_class::none);
  void rest(probe& x);

  /// Gives its slot back; an answer that still comes is nobody's.
  void end(probe& x);

  /// Answers those who want to know; an empty error is good news.
  void tell(probe& x, const std::string& error);

  /// @returns The probe that this token names, if it is still under way.
  probe* find(account_id account, uint64_t token);
  milliseconds spread(milliseconds x);

  // -- data -------------------------------------------------------------------

  refresher_actor::pointer self;
  wall_clock clock;
  upstream_actor upstream;
  refresh_options options;
  std::map<account_id, probe> probes;
  std::unordered_map<uint64_t, account_id> under_way;
  std::unordered_map<std::string, uint32_t> per_host;
  std::unordered_map<std::string, known_units> units;
  uint64_t next_token = 1;
  bool stopping = false;
  std::minstd_rand random;
};

/// Spawns the REFRESHER.
refresher_actor::behavior_type
refresher(refresher_actor::stateful_pointer<refresher_state> self,
          wall_clock clock, upstream_actor upstream, refresh_options options);

} // namespace rota
