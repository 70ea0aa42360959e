#include "runtime/storage/journal.hpp"

#include "runtime/engine/hosted.hpp"
#include "runtime/storage/store.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace rota {

namespace {

/// Results beyond this make a group's end, so that a few large answers do not
/// pile up in memory twice.
constexpr size_t group_bytes = 4 << 20;

void acknowledge(const std::vector<commit_ptr>& group) {
  for (const auto& x : group)
    if (x->ack)
      caf::anon_send(x->ack, atom::durable_v, x->token);
}

void inline_poster(const std::function<void()>& f) {
  f();
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
    post_{post ? std::move(post) : inline_poster},
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
  ++backlog_;
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

void journal_writer::run() {
  std::vector<commit_ptr> taken;
  for (;;) {
    taken.clear();
    {
      std::unique_lock guard{mutex_};
      const auto called = [this] { return stopping_ || !queue_.empty(); };
      if (const auto due = disk_.due())
        wake_.wait_until(guard, *due, called);
      else
        wake_.wait(guard, called);
      if (queue_.empty() && stopping_)
        return;
      taken.swap(queue_);
    }
    if (taken.empty() ? !passed(disk_.tend()) : !write_all(taken))
      return;
  }
}

bool journal_writer::passed(const std::string& fault) {
  if (fault.empty())
    return true;
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
    queue_.clear();
  }
  on_failure_(fault);
  return false;
}

bool journal_writer::write_all(std::vector<commit_ptr>& xs) {
  for (size_t from = 0; from < xs.size();) {
    std::vector<commit_ptr> group;
    group.reserve(std::min(xs.size() - from, group_max_));
    for (size_t bytes = 0; from < xs.size() && group.size() < group_max_
                           && bytes < group_bytes;) {
      auto& x = xs[from++];
      bytes += x->result ? x->result->body.size() : 0;
      group.push_back(std::move(x));
    }
    if (!passed(disk_.write(group)))
      return false;
    backlog_ -= group.size();
    post_([group = std::move(group)] { acknowledge(group); });
  }
  return true;
}

journal_actor spawn_journal(caf::actor_system& sys, caf::execution_unit* unit,
                            journal_writer& writer) {
  return spawn_hosted(sys, unit, journal, &writer);
}

} // namespace rota
