#include "runtime/storage/journal.hpp"

#include "runtime/engine/hosted.hpp"
#include "runtime/observe/kill_point.hpp"
#include "runtime/storage/disk_space.hpp"
#include "runtime/storage/store.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace rota {

namespace {

using steady = std::chrono::steady_clock;

/// Results beyond this make a group's end, so that a few large answers do not
/// pile up in memory twice.
constexpr size_t group_bytes = 4 << 20;

/// What nobody waits for may lie for so long.
constexpr std::chrono::milliseconds lie_max{10};

/// How often the room on the disk is looked at.
constexpr std::chrono::milliseconds look_delay{500};

/// What a commit takes beside its result's body, generously.
constexpr uint64_t commit_bytes = 2 << 10;

void acknowledge(const std::vector<commit_ptr>& group) {
  kill_point("ack/before");
  for (const auto& x : group)
    if (x->ack)
      caf::anon_send(x->ack, atom::durable_v, x->token);
  kill_point("ack/after");
}

void inline_poster(const std::function<void()>& f) {
  f();
}

/// Whether an entry is about a client's job.
bool names_client(const commit& x) {
  return std::any_of(x.entries.begin(), x.entries.end(), [](const auto& y) {
    return y.hold.job.client != client_id{};
  });
}

journal_actor::behavior_type journal(journal_actor::pointer self,
                                     journal_writer* writer,
                                     clients_actor reader) {
  return {[=](atom::append, const commit_ptr& x) {
    if (reader && names_client(*x))
      self->send(reader, atom::append_v, x);
    writer->push(x);
  }};
}

} // namespace

journal_writer::journal_writer(
  store& disk, size_t group_max, poster post,
  std::function<void(const std::string&)> on_failure, disk_space* space,
  poster wake)
  : disk_{disk},
    group_max_{std::max<size_t>(group_max, 1)},
    post_{post ? std::move(post) : inline_poster},
    run_wake_{wake ? std::move(wake) : inline_poster},
    on_failure_{std::move(on_failure)},
    space_{space},
    thread_{[this] { run(); }} {
  // nop
}

journal_writer::~journal_writer() {
  stop();
}

void journal_writer::push(commit_ptr x) {
  {
    std::lock_guard guard{mutex_};
    if (stopping_)
      return;
    ++backlog_;
    const auto awaited = x->ack != nullptr;
    queue_.push_back(std::move(x));
    if (called_
        || (!awaited
            && wakes_at_ <= steady::now() + lie_max))
      return;
    called_ = true;
  }
  run_wake_([wake = wake_] { wake->notify_one(); });
}

void journal_writer::stop() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  wake_->notify_one();
  if (thread_.joinable())
    thread_.join();
}

void journal_writer::run() {
  std::vector<commit_ptr> taken;
  for (;;) {
    const auto is_busy = !taken.empty();
    taken.clear();
    {
      std::unique_lock guard{mutex_};
      const auto called = [this] { return stopping_ || called_; };
      auto due = disk_.due();
      const auto no_later_than = [&due](steady::time_point x) {
        due = std::min(due.value_or(x), x);
      };
      if (space_ != nullptr)
        no_later_than(looked_at_ + look_delay);
      if (is_busy) // What comes next need not wake it.
        no_later_than(steady::now() + lie_max);
      wakes_at_ = due.value_or(steady::time_point::max());
      // What has gathered meanwhile has lain long enough.
      if (queue_.empty() && due)
        wake_->wait_until(guard, *due, called);
      else if (queue_.empty())
        wake_->wait(guard, called);
      if (queue_.empty() && stopping_)
        return;
      taken.swap(queue_);
      called_ = false;
      wakes_at_ = {};
    }
    if (!write_all(taken) || !tend())
      return;
  }
}

bool journal_writer::tend() {
  const auto now = steady::now();
  if (space_ != nullptr && now - looked_at_ >= look_delay) {
    space_->look();
    looked_at_ = now;
  }
  return passed(disk_.tend());
}

bool journal_writer::await_room(uint64_t bytes) {
  // Asked for each group: others fill a disk within milliseconds, and RocksDB
  // does not survive a full one.
  if (space_ == nullptr || space_->room_for(bytes))
    return true;
  spdlog::error("The disk of the store is full: nothing is written until there"
                " is room.");
  for (;;) {
    {
      std::unique_lock guard{mutex_};
      if (wake_->wait_for(guard, look_delay, [this] { return stopping_; }))
        break;
    }
    space_->look();
    if (space_->room_for(bytes)) {
      spdlog::info("The disk of the store has room again.");
      return true;
    }
  }
  return passed("The disk of the store is full; commits that were not written: "
                + std::to_string(backlog_)
                + ". What they ended is in doubt from the next start on.");
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
    size_t bytes = 0;
    while (from < xs.size() && group.size() < group_max_
           && bytes < group_bytes) {
      auto& x = xs[from++];
      bytes += commit_bytes + (x->result ? x->result->body.size() : 0);
      group.push_back(std::move(x));
    }
    kill_point("group/taken");
    if (!await_room(bytes) || !passed(disk_.write(group)))
      return false;
    backlog_ -= group.size();
    post_([group = std::move(group)] { acknowledge(group); });
  }
  return true;
}

journal_actor spawn_journal(caf::actor_system& sys, caf::execution_unit* unit,
                            journal_writer& writer, clients_actor reader) {
  return spawn_hosted(sys, unit, journal, &writer, std::move(reader));
}

} // namespace rota
