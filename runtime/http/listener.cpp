#include "runtime/http/listener.hpp"

#include "runtime/http/connection.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <charconv>
#include <future>
#include <stdexcept>
#include <unordered_map>
#include <vector>

namespace rota {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using steady = std::chrono::steady_clock;

/// How often the connections' time limits are looked at. One timer for all is
/// cheaper than one for each.
constexpr auto tick_interval = std::chrono::milliseconds{250};

/// How long no connection is taken after the system had none to give.
constexpr auto accept_pause = std::chrono::milliseconds{100};

tcp::endpoint endpoint_of(const std::string& address) {
  const auto colon = address.rfind(':');
  auto host = address.substr(0, colon);
  if (host.starts_with('['))
    host = host.substr(1, host.size() - 2);
  if (host == "localhost")
    host = "127.0.0.1";
  uint16_t port = 0;
  std::from_chars(address.data() + colon + 1, address.data() + address.size(),
                  port);
  return {asio::ip::make_address(host), port};
}

} // namespace

class http_listener::impl
    : public std::enable_shared_from_this<http_listener::impl> {
public:
  impl(engine_loop& loop, const std::string& address,
       const http_options& limits, http_handler handler, http_refusal refusal,
       http_gate gate)
      : loop_{loop}, acceptor_{loop.context()}, timer_{loop.context()},
        door_{std::make_shared<http_door>()} {
    door_->limits = limits;
    door_->handler = std::move(handler);
    door_->refusal = std::move(refusal);
    door_->gate = std::move(gate);
    open_acceptor(address);
  }

  void start() {
    door_->on_close = [this](http_connection* x) { forget(x); };
    loop_.post([self = shared_from_this()] {
      self->accept();
      self->wait_tick();
    });
  }

  void drain() {
    loop_.post([self = shared_from_this()] {
      self->door_->draining = true;
      error_code ignored;
      self->acceptor_.close(ignored);
      const auto all = self->open_;
      for (const auto& x : all)
        x->drain();
    });
  }

  void stop() {
    std::promise<void> done;
    // By way of the loop's own queue: answers that were given in the turn that
    // runs now leave first.
    loop_.post([this, &done] {
      loop_.post([this, &done] {
        close_all();
        done.set_value();
      });
    });
    done.get_future().wait();
  }

  uint16_t port() const {
    return port_;
  }

  std::string address() const {
    return address_;
  }

  size_t connections() const {
    return count_;
  }

private:
  void close_all() {
    stopping_ = true;
    door_->draining = true;
    error_code ignored;
    acceptor_.close(ignored);
    timer_.cancel();
    const auto all = open_;
    for (const auto& x : all)
      x->close();
  }

  void open_acceptor(const std::string& address) {
    error_code error;
    tcp::endpoint at;
    try {
      at = endpoint_of(address);
    } catch (const boost::system::system_error& x) {
      error = x.code();
    }
    if (!error)
      acceptor_.open(at.protocol(), error);
    if (!error)
      acceptor_.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error)
      acceptor_.bind(at, error);
    if (!error)
      acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error)
      throw std::runtime_error{"The API cannot listen on " + address + ": "
                               + error.message()
                               + "; stop who holds it, or choose another"
                                 " listen."};
    port_ = acceptor_.local_endpoint().port();
    address_ = address.substr(0, address.rfind(':') + 1)
               + std::to_string(port_);
  }

  void accept() {
    acceptor_.async_accept(
        [self = shared_from_this()](error_code error, tcp::socket socket) {
          if (!self->acceptor_.is_open())
            return;
          if (error) // Mostly: too many open files.
            return self->pause();
          self->admit(std::move(socket));
          self->accept();
        });
  }

  void pause() {
    pause_.emplace(loop_.context(), accept_pause);
    pause_->async_wait([self = shared_from_this()](error_code error) {
      if (!error && self->acceptor_.is_open())
        self->accept();
    });
  }

  void admit(tcp::socket socket) {
    error_code error;
    const auto from = socket.remote_endpoint(error);
    if (error)
      return;
    socket.set_option(tcp::no_delay{true}, error);
    auto peer = from.address().to_string();
    const auto& limits = door_->limits;
    if (open_.size() >= limits.max_connections
        || per_peer_[peer] >= limits.max_connections_per_address) {
      if (per_peer_[peer] == 0)
        per_peer_.erase(peer);
      return; // Closes it.
    }
    ++per_peer_[peer];
    auto x = std::make_shared<http_connection>(door_, std::move(socket),
                                               std::move(peer));
    x->slot = open_.size();
    open_.push_back(x);
    count_ = open_.size();
    x->start();
  }

  void forget(http_connection* x) {
    if (const auto i = per_peer_.find(x->peer());
        i != per_peer_.end() && --i->second == 0)
      per_peer_.erase(i);
    open_.back()->slot = x->slot;
    std::swap(open_[x->slot], open_.back());
    open_.pop_back();
    count_ = open_.size();
  }

  void wait_tick() {
    timer_.expires_after(tick_interval);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (error || self->stopping_)
        return;
      const auto now = steady::now();
      const auto all = self->open_;
      for (const auto& x : all)
        x->tick(now);
      self->wait_tick();
    });
  }

  engine_loop& loop_;
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  std::optional<asio::steady_timer> pause_;
  std::shared_ptr<http_door> door_;
  std::vector<std::shared_ptr<http_connection>> open_;
  std::unordered_map<std::string, size_t> per_peer_;
  std::atomic<size_t> count_ = 0;
  uint16_t port_ = 0;
  std::string address_;
  bool stopping_ = false;
};

http_listener::http_listener(engine_loop& loop, const std::string& address,
                             const http_options& limits, http_handler handler,
                             http_refusal refusal, http_gate gate)
    : impl_{std::make_shared<impl>(loop, address, limits, std::move(handler),
                                   std::move(refusal), std::move(gate))} {
  impl_->start();
}

http_listener::~http_listener() {
  impl_->stop();
}

void http_listener::drain() {
  impl_->drain();
}

uint16_t http_listener::port() const {
  return impl_->port();
}

std::string http_listener::address() const {
  return impl_->address();
}

size_t http_listener::connections() const {
  return impl_->connections();
}

} // namespace rota
