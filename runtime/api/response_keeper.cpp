#include "runtime/api/response_keeper.hpp"

#include <caf/send.hpp>

namespace rota {

response_keeper::response_keeper(journal_actor disk, const http_options& limits,
                                 std::vector<response_pin> stored,
                                 timestamp now)
  : disk_{std::move(disk)} {
  auto change = std::make_shared<commit>();
  change->unpinned = pins_.restore(std::move(stored), limits.response_ttl,
                                   limits.responses_max, now);
  if (!change->unpinned.empty())
    caf::anon_send(disk_, atom::append_v, commit_ptr{std::move(change)});
}

bool response_keeper::keep(response_pin x, timestamp now, durable_actor ack,
                           uint64_t token) {
  if (!pins_.is_new(x.id))
    return false;
  auto change = std::make_shared<commit>();
  change->pin = x;
  change->unpinned = pins_.bind(std::move(x), now);
  if (pins_.is_new(change->pin->id)) { // It is too long, or none is kept.
    change->unpinned.clear();
    return false;
  }
  change->ack = std::move(ack);
  change->token = token;
  caf::anon_send(disk_, atom::append_v, commit_ptr{std::move(change)});
  return true;
}

void response_keeper::forget(const std::string& id) {
  pins_.forget(id);
  auto change = std::make_shared<commit>();
  change->unpinned.push_back(id);
  caf::anon_send(disk_, atom::append_v, commit_ptr{std::move(change)});
}

} // namespace rota
