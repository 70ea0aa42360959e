#include "runtime/admin/server.hpp"

#include "runtime/admin/replies.hpp"
#include "runtime/admin/socket_exchange.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <spdlog/spdlog.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace rota {

namespace {

namespace asio = boost::asio;
using local = asio::local::stream_protocol;
using error_code = boost::system::error_code;

using steady = std::chrono::steady_clock;

/// How long no connection is taken after the system had none to give.
constexpr milliseconds accept_pause{100};

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

struct connection {
  explicit connection(asio::io_context& context) : socket{context} {
    // nop
  }

  local::socket socket;
  /// Since when it has been without a request; nothing while it has one.
  std::optional<steady::time_point> idle_since;
  /// It has to make room for another.
  bool cut = false;
};

} // namespace

struct admin_server::impl {
  impl(const std::string& where, handler h, milliseconds limit)
    : path{where}, serve{std::move(h)}, patience{limit} {
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
    if (const auto err = listen())
      throw std::runtime_error{"The admin socket " + path
                               + " cannot be opened: " + err.message()
                               + "; check that its directory exists and may be"
                                 " written."};
    accepting = std::thread{[this] { accept(); }};
  }

  error_code listen() {
    error_code err;
    acceptor.open({}, err);
    if (!err)
      acceptor.bind(local::endpoint{path}, err);
    if (!err && chmod(path.c_str(), 0660) != 0)
      err.assign(errno, boost::system::system_category());
    if (!err)
      acceptor.listen(asio::socket_base::max_listen_connections, err);
    return err;
  }

  // -- taking in --------------------------------------------------------------

  void accept() {
    for (;;) {
      error_code err;
      auto fresh = std::make_unique<connection>(context);
      acceptor.accept(fresh->socket, err);
      std::unique_lock guard{mutex};
      if (err) // Mostly: too many open files.
        changed.wait_for(guard, accept_pause, [this] { return stopping; });
      else
        make_room(guard);
      if (stopping)
        return;
      if (!err)
        admit(std::move(fresh));
    }
  }

  void make_room(std::unique_lock<std::mutex>& guard) {
    while (open.size() >= max_connections && !stopping) {
      cut_longest_idle();
      changed.wait(guard);
    }
  }

  /// Cuts one at a time: whoever waits needs one place.
  void cut_longest_idle() {
    connection* longest = nullptr;
    for (const auto& x : open) {
      if (x->cut)
        return;
      if (x->idle_since
          && (longest == nullptr || *x->idle_since < *longest->idle_since))
        longest = x.get();
    }
    if (longest == nullptr)
      return;
    longest->cut = true;
    ::shutdown(longest->socket.native_handle(), SHUT_RDWR);
  }

  void admit(std::unique_ptr<connection> fresh) {
    auto& x = *fresh;
    x.idle_since = steady::now();
    open.push_back(std::move(fresh));
    try {
      std::thread{[this, &x] { converse(x); }}.detach();
    } catch (const std::system_error& why) {
      open.pop_back(); // Closes it.
      spdlog::error("A connection to {} was closed, for there is no thread to"
                    " serve it: {}",
                    path, why.what());
    }
  }

  // -- serving ----------------------------------------------------------------

  void converse(connection& with) {
    try {
      patient_socket socket{with.socket, patience};
      boost::beast::flat_buffer buffer;
      for (auto go_on = may_enter(with.socket); go_on;) {
        socket_exchange x{socket, buffer};
        if (!x.read_head() || !begin_request(with))
          break;
        answer(x);
        go_on = x.go_on();
        end_request(with);
      }
    } catch (const std::exception&) {
      // The client went away; nothing is left to be told.
    }
    const std::lock_guard guard{mutex};
    open.remove_if([&with](const auto& x) { return x.get() == &with; });
    changed.notify_all();
  }

  /// @returns False if the client has to make room: it would not hear what came
  ///          of its request.
  bool begin_request(connection& x) {
    const std::lock_guard guard{mutex};
    x.idle_since.reset();
    return !x.cut;
  }

  void end_request(connection& x) {
    const std::lock_guard guard{mutex};
    x.idle_since = steady::now();
    changed.notify_all();
  }

  void answer(socket_exchange& x) {
    try {
      serve(x);
    } catch (const std::exception& why) {
      spdlog::error("The admin API failed at {} {}: {}", x.method(), x.path(),
                    why.what());
      if (!x.has_begun())
        refuse(x, 500, "internal",
               "rotad failed at this request; its log says why.");
    }
  }

  void stop() {
    {
      std::lock_guard guard{mutex};
      if (stopping)
        return;
      stopping = true;
      for (const auto& x : open)
        ::shutdown(x->socket.native_handle(), SHUT_RDWR);
      ::shutdown(acceptor.native_handle(), SHUT_RDWR);
      changed.notify_all();
    }
    accepting.join();
    std::unique_lock guard{mutex};
    changed.wait(guard, [this] { return open.empty(); });
    unlink(path.c_str());
  }

  std::string path;
  handler serve;
  milliseconds patience;
  asio::io_context context;
  local::acceptor acceptor{context};
  std::thread accepting;
  std::mutex mutex;
  /// A place is free, or may be made so, or all ends.
  std::condition_variable changed;
  std::list<std::unique_ptr<connection>> open;
  bool stopping = false;
};

admin_server::admin_server(const std::string& path, handler serve,
                           milliseconds patience)
  : impl_{std::make_unique<impl>(path, std::move(serve), patience)} {
  // nop
}

admin_server::~admin_server() {
  stop();
}

void admin_server::stop() {
  impl_->stop();
}

} // namespace rota
