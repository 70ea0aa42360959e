#include "runtime/storage/journal.hpp"

#include "runtime/engine/hosted.hpp"
#include "runtime/storage/store.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace rota {

namespace {

void acknowledge(const std::vector<commit_ptr>& group) {
  for (const auto& x : group)
    if (x->ack)
      caf::anon_send(x->ack, atom::durable_v, x->token);
}

journal_actor::behavior_type journal(journal_actor::pointer,
                                     journal_writer* writer) {
  return {[writer](atom::append, const commit_ptr& x) { writer->push(x); }};
}

} // namespace

journal_writer::journal_writer(
  store& disk, size_t group_max, poster post,
  std::function<void(const std::string&)> on_failure)
  : disk_{disk},
    group_max_{std::max<size_t>(group_max, 1)},
    post_{std::move(post)},
    on_failure_{std::move(on_failure)},
    thread_{[this] { run(); }} {
  // nop
}

journal_writer::~journal_writer() {
  stop();
}

void journal_writer::push(commit_ptr x) {
  std::lock_guard guard{mutex_};
  if (stopping_)
    return;
  queue_.push_back(std::move(x));
  if (queue_.size() == 1)
    wake_.notify_one();
}

void journal_writer::stop() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable())
    thread_.join();
}

size_t journal_writer::backlog() const {
  std::lock_guard guard{mutex_};
  return queue_.size();
}

void journal_writer::run() {
  for (;;) {
    std::vector<commit_ptr> group;
    {
      std::unique_lock guard{mutex_};
      wake_.wait(guard, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty())
        return;
      if (queue_.size() <= group_max_) {
        group.swap(queue_);
      } else {
        const auto end
          = queue_.begin() + static_cast<ptrdiff_t>(group_max_);
        group.assign(std::make_move_iterator(queue_.begin()),
                     std::make_move_iterator(end));
        queue_.erase(queue_.begin(), end);
      }
    }
    if (const auto fault = disk_.write(group); !fault.empty()) {
      on_failure_(fault);
      std::lock_guard guard{mutex_};
      stopping_ = true;
      queue_.clear();
      return;
    }
    post_([group = std::move(group)] { acknowledge(group); });
  }
}

journal_actor spawn_journal(caf::actor_system& sys, caf::execution_unit* unit,
                            journal_writer& writer) {
  return spawn_hosted(sys, unit, journal, &writer);
}

} // namespace rota
