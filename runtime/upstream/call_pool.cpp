#include "runtime/upstream/call_pool.hpp"

#include "runtime/upstream/connect_options.hpp"
#include "runtime/upstream/curl_lane.hpp"
#include "runtime/upstream/plain_lane.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unistd.h>

#include <array>
#include <chrono>
#include <vector>

namespace rota {

namespace {

using steady = std::chrono::steady_clock;

/// How often deadlines are looked at. One timer for all transfers is cheaper
/// than a timer for each.
constexpr auto tick_interval = std::chrono::milliseconds{50};

/// How long the tick goes on after the last transfer, so that a pool with few
/// calls does not set its timer for each.
constexpr auto tick_linger = std::chrono::seconds{1};

} // namespace

class call_pool::impl : public std::enable_shared_from_this<call_pool::impl> {
public:
  impl(engine_loop& loop, const upstream_options& options,
       std::shared_ptr<const account_directory> directory, deliver_fn deliver)
    : loop_{loop},
      options_{options},
      directory_{std::move(directory)},
      deliver_{std::move(deliver)},
      ready_{loop.context(), ::dup(host_.sockets.descriptor())},
      timer_{loop.context()} {
    host_.kick_soon = [this] { kick_soon(); };
    host_.ended = [this](transfer& x) { end(x); };
  }

  ~impl() {
    while (!active_.empty()) {
      active_.back()->cancel("rota is stopping");
      end(*active_.back());
    }
  }

  void listen() {
    ready_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [weak = weak_from_this()](const auto& error) {
                        const auto self = weak.lock();
                        if (self == nullptr || error)
                          return;
                        self->on_ready();
                        self->listen();
                      });
  }

  void start(upstream_call_ptr call) {
    host_.now = steady::now();
    auto target = directory_->find(call->request->account);
    if (target == nullptr)
      return refuse(*call, "this account is not, or no longer, configured");
    lane& way = options_.own_http1 && !target->has_tls()
                  ? static_cast<lane&>(plain_)
                  : curl_;
    std::string error;
    const auto x = way.start(call, std::move(target), error);
    if (x == nullptr)
      return refuse(*call, std::move(error));
    x->home = &way;
    x->slot = active_.size();
    active_.push_back(x);
    if (const auto& sink = call->request->sink)
      sink->on_ready = [this, x] { resume(*x); };
    if (!ticking_)
      arm_tick();
  }

  void cancel(uint64_t token, const caf::strong_actor_ptr& by) {
    auto hits = std::vector<transfer*>{};
    for (const auto x : active_)
      if (const auto& call = *x->call();
          call.token == token
          && (by == nullptr
              || caf::actor_cast<caf::strong_actor_ptr>(call.reply_to) == by))
        hits.push_back(x);
    host_.now = steady::now();
    for (const auto x : hits) {
      x->cancel("rota gave the call up");
      end(*x);
    }
  }

private:
  // -- turns of the loop ------------------------------------------------------

  void on_ready() {
    // Two batches at most: others want their turn.
    for (int i = 0; i < 2; ++i) {
      host_.now = steady::now();
      const auto more = host_.sockets.poll();
      collect();
      if (!more)
        return;
    }
  }

  void kick_soon() {
    if (kick_posted_)
      return;
    kick_posted_ = true;
    boost::asio::post(loop_.context(), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->kick_posted_ = false;
        self->kick();
      }
    });
  }

  void kick() {
    host_.now = steady::now();
    for (const auto x : lanes_)
      x->kick();
    collect();
  }

  void collect() {
    for (const auto x : lanes_)
      x->collect();
  }

  void arm_tick() {
    ticking_ = true;
    idle_since_ = host_.now;
    timer_.expires_after(tick_interval);
    wait_tick();
  }

  void wait_tick() {
    timer_.async_wait([weak = weak_from_this()](const auto& error) {
      if (const auto self = weak.lock(); self != nullptr && !error)
        self->tick();
    });
  }

  void tick() {
    host_.now = steady::now();
    for (const auto x : lanes_)
      x->tick();
    collect();
    for (size_t i = active_.size(); i-- > 0;)
      if (i < active_.size() && active_[i]->overdue())
        end(*active_[i]);
    rearm();
  }

  void rearm() {
    const auto keep = options_.max_idle_connection + tick_linger;
    if (!active_.empty())
      idle_since_ = host_.now;
    const auto idle = host_.now - idle_since_;
    ticking_ = idle < tick_linger;
    if (idle >= keep) {
      for (const auto x : lanes_)
        x->rest();
      return;
    }
    timer_.expires_after(ticking_ ? steady::duration{tick_interval}
                                  : keep - idle);
    wait_tick();
  }

  // -- transfers --------------------------------------------------------------

  void end(transfer& x) {
    x.home->stop(x);
    active_[x.slot] = active_.back();
    active_[x.slot]->slot = x.slot;
    active_.pop_back();
    const auto call = x.call();
    deliver_(*call, x.finish());
    x.home->take_back(x);
  }

  /// Its sink takes bytes again. Bytes that were kept may come at once.
  void resume(transfer& x) {
    host_.now = steady::now();
    x.resume();
  }

  void refuse(const upstream_call& call, std::string why) {
    upstream_outcome result;
    result.ended = transport::not_sent;
    result.error = std::move(why);
    deliver_(call, std::move(result));
  }

  engine_loop& loop_;
  upstream_options options_;
  std::shared_ptr<const account_directory> directory_;
  deliver_fn deliver_;
  lane::host host_;
  connect_options connect_{host_};
  curl_lane curl_{host_, options_, connect_};
  plain_lane plain_{host_, options_, connect_};
  std::array<lane*, 2> lanes_{&plain_, &curl_};
  boost::asio::posix::stream_descriptor ready_;
  boost::asio::steady_timer timer_;
  steady::time_point idle_since_ = host_.now;
  bool ticking_ = false;
  bool kick_posted_ = false;
  std::vector<transfer*> active_;
};

call_pool::call_pool(engine_loop& loop, const upstream_options& options,
                     std::shared_ptr<const account_directory> directory,
                     deliver_fn deliver)
  : impl_{std::make_shared<impl>(loop, options, std::move(directory),
                                 std::move(deliver))} {
  impl_->listen();
}

call_pool::~call_pool() = default;

void call_pool::start(upstream_call_ptr call) {
  impl_->start(std::move(call));
}

void call_pool::cancel(uint64_t token, const caf::strong_actor_ptr& by) {
  impl_->cancel(token, by);
}

} // namespace rota
