#include "runtime/engine/loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <chrono>
#include <csignal>
#include <future>
#include <stdexcept>

namespace rota {

namespace {

/// Messages that one actor may handle before the next has its turn.
constexpr size_t throughput = 32;

/// How long actors may run before sockets have their turn, looked at after
/// this many actors.
constexpr auto drain_time_max = std::chrono::microseconds{500};
constexpr size_t drain_look_every = 16;

thread_local const engine_loop* current_loop = nullptr;

} // namespace

engine_loop::engine_loop()
  : context_{std::make_unique<boost::asio::io_context>(1)} {
  // nop
}

engine_loop::~engine_loop() {
  stop();
}

void engine_loop::attach(caf::actor_system& sys) {
  system_ = &sys;
  guests_.attach(sys);
}

void engine_loop::start() {
  if (thread_.joinable())
    throw std::logic_error{"the engine loop runs already"};
  thread_ = std::thread{[this] { run(); }};
}

void engine_loop::run() {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &mask, nullptr);
  const auto outer = current_loop;
  current_loop = this;
  const auto guard = boost::asio::make_work_guard(*context_);
  context_->run();
  current_loop = outer;
}

void engine_loop::await_actors() {
  system().await_all_actors_done();
  // Whatever ran when the last actor was gone has ended when this runs.
  std::promise<void> reached;
  boost::asio::post(*context_, [&reached] { reached.set_value(); });
  reached.get_future().wait();
}

void engine_loop::stop() {
  context_->stop();
  if (thread_.joinable())
    thread_.join();
  drop_all();
}

void engine_loop::post(std::function<void()> f) {
  boost::asio::post(*context_, std::move(f));
}

bool engine_loop::on_thread() const noexcept {
  return current_loop == this;
}

boost::asio::io_context& engine_loop::context() noexcept {
  return *context_;
}

void engine_loop::exec_later(caf::resumable* ptr) {
  if (on_thread()) {
    ready_.push_back(ptr);
    schedule_drain();
    return;
  }
  auto first = false;
  {
    const std::lock_guard guard{mutex_};
    first = remote_.empty();
    remote_.push_back(ptr);
  }
  if (first)
    boost::asio::post(*context_, [this] { fetch_remote(); });
}

void engine_loop::guest_unit::exec_later(caf::resumable* ptr) {
  system().scheduler().enqueue(ptr);
}

void engine_loop::resume(caf::resumable* ptr) {
  switch (ptr->resume(&guests_, throughput)) {
    case caf::resumable::resume_later:
      ready_.push_back(ptr);
      break;
    case caf::resumable::done:
    case caf::resumable::awaiting_message:
      caf::intrusive_ptr_release(ptr);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;
  }
}

void engine_loop::schedule_drain() {
  if (drain_scheduled_)
    return;
  drain_scheduled_ = true;
  boost::asio::post(*context_, [this] { drain(); });
}

void engine_loop::drain() {
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + drain_time_max;
  // Stays set while actors run: what they queue is taken below.
  for (size_t n = 1; !ready_.empty(); ++n) {
    const auto ptr = ready_.front();
    ready_.pop_front();
    if (ready_.size() > 1)
      ready_[1]->resume(&guests_, 0); // Hosted ones take it as a hint.
    resume(ptr);
    if (n % drain_look_every == 0 && clock::now() >= end)
      break;
  }
  drain_scheduled_ = false;
  // Asio polls the sockets before it comes to what is posted here.
  if (!ready_.empty())
    schedule_drain();
}

void engine_loop::fetch_remote() {
  {
    const std::lock_guard guard{mutex_};
    fetched_.swap(remote_);
  }
  ready_.insert(ready_.end(), fetched_.begin(), fetched_.end());
  fetched_.clear();
  if (!drain_scheduled_) {
    drain_scheduled_ = true;
    drain();
  }
}

void engine_loop::drop_all() {
  const std::lock_guard guard{mutex_};
  for (const auto ptr : remote_)
    caf::intrusive_ptr_release(ptr);
  for (const auto ptr : ready_)
    caf::intrusive_ptr_release(ptr);
  remote_.clear();
  ready_.clear();
}

} // namespace rota
