#include "runtime/upstream/upstream.hpp"

#include "runtime/engine/hosted.hpp"
#include "runtime/observe/kill_point.hpp"
#include "runtime/upstream/call_pool.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <optional>

namespace rota {

namespace {

struct upstream_state {
  static constexpr const char* name = "upstream";

  explicit upstream_state(upstream_actor::pointer self) : self{self} {
    // nop
  }

  void send(const upstream_call_ptr& x) {
    kill_point("send/before");
    pool->start(x);
    kill_point("send/after");
  }

  void cancel(uint64_t token) {
    pool->cancel(token, self->current_sender());
  }

  upstream_actor::pointer self;
  std::optional<call_pool> pool;
};

void deliver(const upstream_call& call, upstream_outcome outcome) {
  kill_point("outcome/before");
  auto result = std::make_shared<upstream_outcome>(std::move(outcome));
  caf::anon_send(call.reply_to, atom::outcome_v,
                 call_outcome{call.token, std::move(result)});
  kill_point("outcome/after");
}

upstream_actor::behavior_type
upstream(upstream_actor::stateful_pointer<upstream_state> self,
         engine_loop* loop, upstream_options options,
         std::shared_ptr<const account_directory> directory) {
  const auto st = &self->state;
  st->pool.emplace(*loop, options, std::move(directory), deliver);
  return {
    [st](atom::send, const upstream_call_ptr& x) { st->send(x); },
    [st](atom::cancel, uint64_t x) { st->cancel(x); },
  };
}

} // namespace

upstream_actor
spawn_upstream(caf::actor_system& sys, engine_loop& loop,
               const upstream_options& options,
               std::shared_ptr<const account_directory> directory) {
  return spawn_hosted(sys, &loop, upstream, &loop, options,
                      std::move(directory));
}

} // namespace rota
