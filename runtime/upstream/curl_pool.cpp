#include "runtime/upstream/curl_pool.hpp"

#include "runtime/upstream/socket_set.hpp"
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
      ready_{loop.context(), ::dup(sockets_.descriptor())},
      timer_{loop.context()} {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_ALL); });
    share_ = curl_share_init();
    if (share_ == nullptr)
      throw std::bad_alloc{};
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    settings_ = {options, share_, &impl::on_close, this, &now_};
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
    now_ = steady::now();
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
    ++to.active;
    if (const auto& sink = call->request->sink)
      sink->on_ready = [this, x = active_.back()] { resume(*x); };
    curl_multi_add_handle(to.multi, active_.back()->easy());
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
    now_ = steady::now();
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
  struct shard {
    explicit shard(impl* pool) : pool{pool}, multi{curl_multi_init()} {
      if (multi == nullptr)
        throw std::bad_alloc{};
      const auto n
        = static_cast<long>(pool->settings_.limits.transfers_per_handle);
      curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &impl::on_socket);
      curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
      curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &impl::on_timer);
      curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
      curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, n);
      curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, n);
    }
    ~shard() {
      curl_multi_cleanup(multi);
    }
    shard(const shard&) = delete;
    shard& operator=(const shard&) = delete;

    impl* pool;
    CURLM* multi;
    size_t active = 0;
    bool kicked = false;  // libcurl wants to be called at once.
    bool touched = false; // Something may have ended.
    steady::time_point deadline = steady::time_point::max();
  };

  // -- libcurl's callbacks ----------------------------------------------------

  static int on_socket(CURL*, curl_socket_t fd, int what, void* data, void*) {
    auto& x = *static_cast<shard*>(data);
    x.pool->sockets_.watch(fd, what, &x);
    return 0;
  }

  static int on_timer(CURLM*, long timeout_ms, void* data) {
    auto& x = *static_cast<shard*>(data);
    if (timeout_ms < 0) {
      x.deadline = steady::time_point::max();
    } else if (timeout_ms == 0) {
      x.kicked = true;
      x.pool->kick_soon();
    } else {
      x.deadline = x.pool->now_ + std::chrono::milliseconds{timeout_ms + 1};
    }
    return 0;
  }

  static int on_close(void* data, curl_socket_t fd) {
    static_cast<impl*>(data)->sockets_.forget(fd);
    return ::close(fd);
  }

  // -- turns of the loop ------------------------------------------------------

  void on_ready() {
    // Two batches at most: others want their turn.
    for (int i = 0; i < 2; ++i) {
      now_ = steady::now();
      const auto more = sockets_.poll([](void* owner, int fd, int mask) {
        auto& x = *static_cast<shard*>(owner);
        auto running = 0;
        curl_multi_socket_action(x.multi, fd, mask, &running);
        x.touched = true;
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
    now_ = steady::now();
    for (const auto& x : shards_)
      if (x->kicked) {
        x->kicked = false;
        time_out(*x);
      }
    collect();
  }

  void time_out(shard& x) {
    auto running = 0;
    curl_multi_socket_action(x.multi, CURL_SOCKET_TIMEOUT, 0, &running);
    x.touched = true;
  }

  void arm_tick() {
    ticking_ = true;
    idle_since_ = now_;
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
    now_ = steady::now();
    for (const auto& x : shards_)
      if (x->deadline <= now_) {
        x->deadline = steady::time_point::max();
        time_out(*x);
        // A deadline that has not changed is not told again.
        auto left = long{-1};
        curl_multi_timeout(x->multi, &left);
        if (left >= 0)
          x->deadline = now_ + std::chrono::milliseconds{left + 1};
      }
    collect();
    for (size_t i = active_.size(); i-- > 0;)
      if (i < active_.size() && active_[i]->overdue())
        end(active_[i], CURLE_OK);
    rearm();
  }

  void rearm() {
    const auto keep = settings_.limits.max_idle_connection + tick_linger;
    if (!active_.empty())
      idle_since_ = now_;
    const auto idle = now_ - idle_since_;
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
    for (const auto& x : shards_) {
      if (!x->touched)
        continue;
      x->touched = false;
      auto left = 0;
      while (const auto note = curl_multi_info_read(x->multi, &left))
        if (note->msg == CURLMSG_DONE) {
          void* data = nullptr;
          curl_easy_getinfo(note->easy_handle, CURLINFO_PRIVATE, &data);
          end(static_cast<transfer*>(data), note->data.result);
        }
    }
  }

  // -- transfers --------------------------------------------------------------

  void end(transfer* x, CURLcode rc) {
    auto& from = *static_cast<shard*>(x->shard);
    curl_multi_remove_handle(from.multi, x->easy());
    --from.active;
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
    auto& of = *static_cast<shard*>(x.shard);
    now_ = steady::now();
    x.resume();
    of.touched = of.kicked = true;
    kick_soon();
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

  shard& shard_with_room() {
    // The first of them, so that idle connections are found again.
    for (const auto& x : shards_)
      if (x->active < settings_.limits.transfers_per_handle)
        return *x;
    shards_.push_back(std::make_unique<shard>(this));
    return *shards_.back();
  }

  engine_loop& loop_;
  std::shared_ptr<const account_directory> directory_;
  deliver_fn deliver_;
  transfer_settings settings_;
  CURLSH* share_ = nullptr;
  socket_set sockets_;
  boost::asio::posix::stream_descriptor ready_;
  boost::asio::steady_timer timer_;
  steady::time_point now_ = steady::now();
  steady::time_point idle_since_ = now_;
  bool ticking_ = false;
  bool kick_posted_ = false;
  std::vector<std::unique_ptr<shard>> shards_;
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
