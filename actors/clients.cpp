#include "actors/clients.hpp"

#include "actors/support.hpp"

namespace rota {

// -- handlers -----------------------------------------------------------------

void clients_state::admit(const admission_ptr& x) {
  const auto i = books.find(x->want.job.client);
  const auto answer = i == books.end() ? admittance{x->want.job, {}, {}}
                                       : i->second.admit(x->want, now());
  self->send(x->reply_to, atom::admit_v, answer);
}

void clients_state::dismiss(job_id x) {
  if (const auto i = books.find(x.client); i != books.end())
    i->second.end(x);
}

void clients_state::append(const commit_ptr& x) {
  for (const auto& entry : x->entries)
    if (const auto i = books.find(entry.hold.job.client); i != books.end())
      i->second.see(entry);
}

void clients_state::configure(const clients_setup_ptr& x) {
  setup = x;
  for (const auto& member : x->members) {
    const auto [i, fresh] = books.try_emplace(member.head.client, member.head);
    if (member.options)
      i->second.options(*member.options);
    if (fresh) // Else it has seen what came of them.
      for (const auto& hold : member.holds)
        i->second.remember(hold);
  }
}

client_views_ptr clients_state::status() const {
  const auto t = now();
  auto result = std::make_shared<std::vector<client_view>>();
  for (const auto& x : setup->members)
    if (x.options)
      result->push_back(books.at(x.head.client).view(t));
  return result;
}

// -- helpers ------------------------------------------------------------------

timestamp clients_state::now() const {
  return clock.at(self->clock().now());
}

clients_actor::behavior_type
clients(clients_actor::stateful_pointer<clients_state> self, wall_clock clock,
        clients_setup_ptr setup) {
  const auto st = &self->state;
  guard(self);
  st->clock = clock;
  st->configure(setup);
  return {
    [st](atom::admit, const admission_ptr& x) { st->admit(x); },
    [st](atom::dismiss, job_id x) { st->dismiss(x); },
    [st](atom::append, const commit_ptr& x) { st->append(x); },
    [st](atom::configure, const clients_setup_ptr& x) { st->configure(x); },
    [st](atom::status) { return st->status(); },
  };
}

} // namespace rota
