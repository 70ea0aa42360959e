#pragma once

#include "messages/envelopes.hpp"

#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rota {

class disk_space;
class store;

/// Writes commits in groups on a thread of its own, and tends the store between
/// them: whatever gathers while one group is being synced is the next. One sync
/// serves them all, so durability costs a group's latency and hardly any CPU. A
/// group has at most `group_max` commits, and no more once its results exceed
/// 4 MiB.
///
/// A commit that nobody waits for does not wake the thread where that wakes by
/// itself within 10 ms: it comes into the next group.
class journal_writer {
public:
  using poster = std::function<void(std::function<void()>)>;

  /// @param post Runs acknowledgements; where they should wake a loop once a
  ///             group, its `post`; null: at once, on the writer's thread. They
  ///             come in the order of the commits.
  /// @param space Looked after on the writer's thread; while it has no room,
  ///              nothing is written and nothing is acknowledged. Null: there
  ///              always is.
  /// @param wake  Runs what wakes the writer's thread after a push, so that
  ///              what its caller has in hand still comes into the same group;
  ///              null: at once.
  /// @param on_failure Called once, on the writer's thread, if the store cannot
  ///                   be written. Nothing of it or after it is acknowledged,
  ///                   and nothing more is written.
  journal_writer(store& disk, size_t group_max, poster post,
                 std::function<void(const std::string&)> on_failure,
                 disk_space* space = nullptr, poster wake = {});

  /// Writes what is queued, then stops.
  ~journal_writer();

  journal_writer(const journal_writer&) = delete;
  journal_writer& operator=(const journal_writer&) = delete;

  /// Queues a commit; never waits for the disk.
  void push(commit_ptr x);

  /// Writes what is queued, then stops; later commits are dropped.
  void stop();

  /// Commits that are not written yet.
  size_t backlog() const {
    return backlog_;
  }

private:
  void run();
  bool write_all(std::vector<commit_ptr>& xs);

  /// Waits for room on the disk. @returns False if it was stopped before.
  bool await_room(uint64_t bytes);

  /// Looks at the disk every now and then, and tends the store.
  bool tend();

  /// Gives up for ever if there is a fault.
  bool passed(const std::string& fault);

  store& disk_;
  size_t group_max_;
  poster post_;
  poster run_wake_;
  std::function<void(const std::string&)> on_failure_;
  disk_space* space_;
  std::chrono::steady_clock::time_point looked_at_;
  std::atomic<size_t> backlog_ = 0;
  std::mutex mutex_;
  /// Outlives the writer in what it has posted.
  std::shared_ptr<std::condition_variable> wake_
    = std::make_shared<std::condition_variable>();
  std::vector<commit_ptr> queue_;
  bool called_ = false; // The thread knows, or will.
  std::chrono::steady_clock::time_point wakes_at_; // By itself.
  bool stopping_ = false;
  std::thread thread_;
};

/// Spawns the JOURNAL, a thin actor before a writer that outlives it.
/// @param unit Where it is hosted; null: the system's workers.
/// @param reader Told what is about to be written of its clients' jobs, in that
///               order; may be absent.
journal_actor spawn_journal(caf::actor_system& sys, caf::execution_unit* unit,
                            journal_writer& writer, clients_actor reader = {});

} // namespace rota
