#pragma once

#include "actors/domain/client_books.hpp"
#include "actors/setup.hpp"
#include "messages/envelopes.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <unordered_map>

namespace rota {

/// State of the CLIENTS actor, which admits the jobs of the API's clients. What
/// they spend it reads from what the accounts append to the journal, in the
/// same order as the store does: so its figures are those that are stored.
struct clients_state {
  static constexpr const char* name = "clients";

  explicit clients_state(clients_actor::pointer self) : self{self} {
    // nop
  }

  // -- handlers, in the order of clients_actor --------------------------------

  void admit(const admission_ptr& x);
  void dismiss(job_id x);
  void append(const commit_ptr& x);
  void configure(const clients_setup_ptr& x);
  client_views_ptr status() const;

  // -- helpers ----------------------------------------------------------------

  timestamp now() const;

  // -- data -------------------------------------------------------------------

  clients_actor::pointer self;
  wall_clock clock;
  clients_setup_ptr setup;
  /// Also of clients that are configured no more: what is under way for them
  /// ends, and they may return.
  std::unordered_map<client_id, client_books> books;
};

/// Spawns the CLIENTS actor.
clients_actor::behavior_type
clients(clients_actor::stateful_pointer<clients_state> self, wall_clock clock,
        clients_setup_ptr setup);

} // namespace rota
