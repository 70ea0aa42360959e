#include "runtime/upstream/curl_pool.hpp"

#include "runtime/upstream/curl_shard.hpp"
#include "runtime/upstream/transfer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unistd.h>

#include <chrono>
#include <mutex>
#include <new>
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

/// Handles that are kept for later transfers.
constexpr size_t idle_handles_max = 1'024;

} // namespace

class curl_pool::impl : public std::enable_shared_from_this<curl_pool::impl> {
public:
  impl(engine_loop& loop, const upstream_options& options,
       std::shared_ptr<const account_directory> directory, deliver_fn deliver)
    : loop_{loop},
      directory_{std::move(directory)},
      deliver_{std::move(deliver)},
      ready_{loop.context(), ::dup(host_.sockets.descriptor())},
      timer_{loop.context()} {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_ALL); });
    share_ = curl_share_init();
    if (share_ == nullptr)
      throw std::bad_alloc{};
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    settings_ = {options, share_, &impl::on_close, this, &host_.now};
    host_.kick_soon = [this] { kick_soon(); };
  }

  ~impl() {
    while (!active_.empty()) {
      active_.back()->cancel("rota is stopping");
      end(active_.back(), CURLE_OK);
    }
    idle_.clear();
    shards_.clear();
    curl_share_cleanup(share_);
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
    auto next = take_idle();
    if (auto error = next->prepare(call, std::move(target)); !error.empty()) {
      idle_.push_back(std::move(next));
      return refuse(*call, std::move(error));
    }
    auto& to = shard_with_room();
    next->shard = &to;
    next->slot = active_.size();
    active_.push_back(next.release());
    if (const auto& sink = call->request->sink)
      sink->on_ready = [this, x = active_.back()] { resume(*x); };
    to.add(active_.back()->easy());
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
      end(x, CURLE_OK);
    }
  }

  size_t active() const noexcept {
    return active_.size();
  }

  size_t shards() const noexcept {
    return shards_.size();
  }

private:
  // -- libcurl's callback -----------------------------------------------------

  static int on_close(void* data, curl_socket_t fd) {
    static_cast<impl*>(data)->host_.sockets.forget(fd);
    return ::close(fd);
  }

  // -- turns of the loop ------------------------------------------------------

  void on_ready() {
    // Two batches at most: others want their turn.
    for (int i = 0; i < 2; ++i) {
      host_.now = steady::now();
      const auto more = host_.sockets.poll([](void* owner, int fd, int mask) {
        static_cast<curl_shard*>(owner)->act(fd, mask);
      });
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
    for (const auto& x : shards_)
      x->kick();
    collect();
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
    for (const auto& x : shards_)
      x->tick();
    collect();
    for (size_t i = active_.size(); i-- > 0;)
      if (i < active_.size() && active_[i]->overdue())
        end(active_[i], CURLE_OK);
    rearm();
  }

  void rearm() {
    const auto keep = settings_.limits.max_idle_connection + tick_linger;
    if (!active_.empty())
      idle_since_ = host_.now;
    const auto idle = host_.now - idle_since_;
    ticking_ = idle < tick_linger;
    if (idle >= keep) {
      // Their connections are too old to be used again.
      shards_.clear();
      return;
    }
    timer_.expires_after(ticking_ ? steady::duration{tick_interval}
                                  : keep - idle);
    wait_tick();
  }

  /// Ends what libcurl says has ended.
  void collect() {
    for (const auto& x : shards_)
      x->collect([this](CURL* easy, CURLcode rc) {
        void* data = nullptr;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &data);
        end(static_cast<transfer*>(data), rc);
      });
  }

  // -- transfers --------------------------------------------------------------

  void end(transfer* x, CURLcode rc) {
    x->shard->remove(x->easy());
    active_[x->slot] = active_.back();
    active_[x->slot]->slot = x->slot;
    active_.pop_back();
    auto owner = std::unique_ptr<transfer>{x};
    const auto call = x->call();
    deliver_(*call, x->finish(rc));
    // A handle remembers some failures: after a refused rewind curl 8.14 fails
    // whatever is sent with it next. Connections are the multi handle's.
    if (rc == CURLE_OK && idle_.size() < idle_handles_max)
      idle_.push_back(std::move(owner));
  }

  /// Its sink takes bytes again. Bytes that libcurl has kept may come at once,
  /// and with them the end.
  void resume(transfer& x) {
    host_.now = steady::now();
    x.resume();
    x.shard->resumed();
  }

  void refuse(const upstream_call& call, std::string why) {
    upstream_outcome result;
    result.ended = transport::not_sent;
    result.error = std::move(why);
    deliver_(call, std::move(result));
  }

  std::unique_ptr<transfer> take_idle() {
    if (idle_.empty())
      return std::make_unique<transfer>(settings_);
    auto result = std::move(idle_.back());
    idle_.pop_back();
    return result;
  }

  curl_shard& shard_with_room() {
    const auto most = settings_.limits.transfers_per_handle;
    // The first of them, so that idle connections are found again.
    for (const auto& x : shards_)
      if (x->active() < most)
        return *x;
    shards_.push_back(std::make_unique<curl_shard>(host_, most));
    return *shards_.back();
  }

  engine_loop& loop_;
  std::shared_ptr<const account_directory> directory_;
  deliver_fn deliver_;
  transfer_settings settings_;
  CURLSH* share_ = nullptr;
  curl_shard::host host_;
  boost::asio::posix::stream_descriptor ready_;
  boost::asio::steady_timer timer_;
  steady::time_point idle_since_ = host_.now;
  bool ticking_ = false;
  bool kick_posted_ = false;
  std::vector<std::unique_ptr<curl_shard>> shards_;
  std::vector<transfer*> active_;
  std::vector<std::unique_ptr<transfer>> idle_; // The last used comes first.
};

curl_pool::curl_pool(engine_loop& loop, const upstream_options& options,
                     std::shared_ptr<const account_directory> directory,
                     deliver_fn deliver)
  : impl_{std::make_shared<impl>(loop, options, std::move(directory),
                                 std::move(deliver))} {
  impl_->listen();
}

curl_pool::~curl_pool() = default;

void curl_pool::start(upstream_call_ptr call) {
  impl_->start(std::move(call));
}

void curl_pool::cancel(uint64_t token, const caf::strong_actor_ptr& by) {
  impl_->cancel(token, by);
}

size_t curl_pool::active() const noexcept {
  return impl_->active();
}

size_t curl_pool::shards() const noexcept {
  return impl_->shards();
}

} // namespace rota
