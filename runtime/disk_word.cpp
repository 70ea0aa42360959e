#include "runtime/disk_word.hpp"

#include "messages/envelopes.hpp"
#include "runtime/engine/hosted.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <future>

namespace rota {

namespace {

durable_actor::behavior_type once(durable_actor::pointer self,
                                  const std::function<void()>& then) {
  return {[self, then](atom::durable, uint64_t) {
    then();
    self->quit();
  }};
}

} // namespace

durable_actor hear_once(wiring& all, std::function<void()> then) {
  return spawn_hosted(all.system, &all.loop, once, std::move(then));
}

bool await_disk(wiring& all, milliseconds patience) {
  const auto done = std::make_shared<std::promise<void>>();
  auto written = done->get_future();
  const auto last = std::make_shared<commit>();
  last->ack = hear_once(all, [done] { done->set_value(); });
  caf::anon_send(all.journal, atom::append_v, commit_ptr{last});
  return written.wait_for(patience) == std::future_status::ready;
}

} // namespace rota
