#pragma once

#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace boost::asio {
class io_context;
} // namespace boost::asio

namespace rota {

/// One thread that carries sockets and the hot actors: an Asio context which
/// is also an execution unit. Actors that are hosted here (see hosted.hpp) run
/// on this thread alone, so that a message between two of them costs no
/// wake-up. Any thread may send to them.
///
/// Order of destruction: `~actor_system` waits until all actors are gone, and
/// the hosted ones can only go while this thread runs. So a loop is made
/// before its actor system and stopped after the system is destroyed, by a
/// thread that is not the loop's own. And before the system is destroyed,
/// `await_actors` must have returned.
class engine_loop final : public caf::execution_unit {
public:
  engine_loop();

  /// Stops.
  ~engine_loop() override;

  engine_loop(const engine_loop&) = delete;
  engine_loop& operator=(const engine_loop&) = delete;

  /// Names the system whose actors are hosted. To be called once, before the
  /// first of them is spawned.
  void attach(caf::actor_system& sys);

  /// Runs the loop on a thread of its own. Call this or `run`, not both.
  void start();

  /// Runs the loop on the caller's thread until `stop`. Blocks SIGPIPE in that
  /// thread: a peer that hangs up is an error code, not the end.
  void run();

  /// Waits until all actors of the system are gone and this thread has let go
  /// of the last: an actor counts as gone a little before its end is over, and
  /// the system's own destructor waits for the system's own threads only.
  /// Must not be called on the loop's thread.
  void await_actors();

  /// Ends the loop, and its own thread if it has one. What is still queued is
  /// dropped. To be called when the actor system is gone.
  void stop();

  /// Calls `f` on the loop's thread, soon and after what was posted before.
  void post(std::function<void()> f);

  /// @returns Whether the caller is the loop's thread.
  bool on_thread() const noexcept;

  /// For sockets and timers. To be used on the loop's thread only.
  boost::asio::io_context& context() noexcept;

  /// Queues an actor that has messages. Takes over one reference.
  void exec_later(caf::resumable* ptr) override;

private:
  /// What hosted actors see as their execution unit while they run. Through it
  /// CAF schedules the receivers of their messages, and those that are not
  /// hosted must not run here: they go to the system's workers.
  class guest_unit final : public caf::execution_unit {
  public:
    void attach(caf::actor_system& sys) {
      system_ = &sys;
    }
    void exec_later(caf::resumable* ptr) override;
  };

  void resume(caf::resumable* ptr);
  void schedule_drain();
  void drain();
  void fetch_remote();
  void drop_all();

  std::unique_ptr<boost::asio::io_context> context_;
  guest_unit guests_;
  std::thread thread_;

  // Of the loop's thread.
  std::deque<caf::resumable*> ready_;
  bool drain_scheduled_ = false;

  // Of the others.
  std::mutex mutex_;
  std::vector<caf::resumable*> remote_;
  std::vector<caf::resumable*> fetched_;
};

} // namespace rota
