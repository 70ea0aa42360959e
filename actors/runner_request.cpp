// What the RUNNER sends.

#include "actors/domain/dialect.hpp"
#include "actors/runner.hpp"

namespace rota {

bool runner_state::asks_for_usage() const {
  return !work->unasked_body.empty() && !unasked && !held->grant.refuses_asking;
}

upstream_request_ptr runner_state::next_request(timestamp t) const {
  auto request = std::make_shared<upstream_request>(
    compose(held->grant.kind, *work));
  if (!work->unasked_body.empty() && !asks_for_usage())
    request->body = work->unasked_body;
  request->account = held->grant.account;
  request->owner = work;
  request->sink = work->sink;
  if (request->sink) {
    request->sink->account = held->grant.account_name;
    request->sink->account_number = held->grant.account;
    request->sink->is_private
      = [rules = setup->rules, who = held->grant.kind,
         route = work->route](std::string_view event) {
          return rules->is_private(who, route, event);
        };
  }
  request->first_byte_timeout = setup->upstream.first_byte_timeout;
  request->idle_timeout = setup->upstream.idle_timeout;
  request->total_timeout = setup->upstream.total_timeout;
  if (work->deadline.millis != 0)
    request->caller_timeout = work->deadline - t;
  return request;
}

} // namespace rota
