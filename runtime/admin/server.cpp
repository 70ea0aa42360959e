#include "runtime/admin/server.hpp"

#include "runtime/admin/socket_exchange.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace rota {

namespace {

namespace asio = boost::asio;
using local = asio::local::stream_protocol;
using error_code = boost::system::error_code;

/// A client that neither sends nor takes a byte for so long is cut off.
constexpr time_t patience_s = 60;

/// Whether somebody listens behind a socket file.
bool answers(const std::string& path) {
  asio::io_context context;
  local::socket probe{context};
  error_code err;
  probe.connect(local::endpoint{path}, err);
  return !err;
}

bool may_enter(local::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size)
      != 0)
    return false;
  return peer.uid == 0 || peer.uid == geteuid() || peer.gid == getegid();
}

void set_patience(local::socket& socket) {
  const timeval limit{patience_s, 0};
  for (const auto option : {SO_RCVTIMEO, SO_SNDTIMEO})
    setsockopt(socket.native_handle(), SOL_SOCKET, option, &limit,
               sizeof(limit));
}

} // namespace

struct admin_server::impl {
  impl(const std::string& where, handler h) : path{where}, serve{std::move(h)} {
    if (path.size() >= sizeof(sockaddr_un::sun_path))
      throw std::runtime_error{"The admin socket's path " + path
                               + " is too long; choose a shorter admin.socket"
                                 " (at most 107 bytes)."};
    struct stat found{};
    if (lstat(path.c_str(), &found) == 0) {
      if (!S_ISSOCK(found.st_mode))
        throw std::runtime_error{
          "At " + path + " lies a file that is no socket; it was left alone:"
          " move it, or choose another admin.socket."};
      if (answers(path))
        throw std::runtime_error{
          "Another rotad listens on " + path
          + "; stop it, or choose another admin.socket and state_dir."};
      unlink(path.c_str());
    }
    error_code err;
    acceptor.open();
    acceptor.bind(local::endpoint{path}, err);
    if (!err && chmod(path.c_str(), 0660) == 0)
      acceptor.listen(asio::socket_base::max_listen_connections, err);
    if (err)
      throw std::runtime_error{"The admin socket " + path
                               + " cannot be opened: " + err.message()
                               + "; check that its directory exists and may be"
                                 " written."};
    accepting = std::thread{[this] { accept(); }};
  }

  void accept() {
    for (;;) {
      error_code err;
      auto socket = std::make_shared<local::socket>(context);
      acceptor.accept(*socket, err);
      std::unique_lock guard{mutex};
      if (stopping)
        return;
      if (err)
        continue;
      vacancy.wait(guard, [this] { return open.size() < max_connections
                                          || stopping; });
      if (stopping)
        return;
      open.push_back(socket);
      ++threads;
      std::thread{[this, socket] { converse(socket); }}.detach();
    }
  }

  void converse(const std::shared_ptr<local::socket>& socket) {
    try {
      set_patience(*socket);
      boost::beast::flat_buffer buffer;
      for (auto go_on = may_enter(*socket); go_on;) {
        socket_exchange x{*socket, buffer};
        if (!x.read_head())
          break;
        serve(x);
        go_on = x.go_on();
      }
    } catch (const std::exception&) {
      // The client went away; nothing is left to be told.
    }
    std::lock_guard guard{mutex};
    error_code err;
    socket->close(err);
    open.remove(socket);
    --threads;
    vacancy.notify_all();
  }

  void stop() {
    {
      std::lock_guard guard{mutex};
      if (stopping)
        return;
      stopping = true;
      for (const auto& x : open)
        ::shutdown(x->native_handle(), SHUT_RDWR);
      ::shutdown(acceptor.native_handle(), SHUT_RDWR);
      vacancy.notify_all();
    }
    accepting.join();
    std::unique_lock guard{mutex};
    vacancy.wait(guard, [this] { return threads == 0; });
    unlink(path.c_str());
  }

  std::string path;
  handler serve;
  asio::io_context context;
  local::acceptor acceptor{context};
  std::thread accepting;
  std::mutex mutex;
  std::condition_variable vacancy;
  std::list<std::shared_ptr<local::socket>> open;
  size_t threads = 0;
  bool stopping = false;
};

admin_server::admin_server(const std::string& path, handler serve)
  : impl_{std::make_unique<impl>(path, std::move(serve))} {
  // nop
}

admin_server::~admin_server() {
  stop();
}

void admin_server::stop() {
  impl_->stop();
}

} // namespace rota
