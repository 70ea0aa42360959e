#include "runtime/admin/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

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
namespace http = boost::beast::http;
using local = asio::local::stream_protocol;
using error_code = boost::system::error_code;

/// A client that neither sends nor takes a byte for so long is cut off.
constexpr time_t patience_s = 60;

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0
        && hex_value(text[i + 2]) >= 0) {
      result += static_cast<char>(hex_value(text[i + 1]) * 16
                                  + hex_value(text[i + 2]));
      i += 2;
    } else {
      result += text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

std::map<std::string, std::string> parse_query(std::string_view text) {
  std::map<std::string, std::string> result;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto part = text.substr(0, end);
    const auto equals = std::min(part.find('='), part.size());
    const auto value = equals < part.size() ? part.substr(equals + 1)
                                            : std::string_view{};
    result[percent_decoded(part.substr(0, equals))] = percent_decoded(value);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

class exchange : public admin_exchange {
public:
  exchange(local::socket& socket, boost::beast::flat_buffer& buffer)
    : socket_{socket}, buffer_{buffer} {
    parser_.body_limit(boost::none);
    parser_.header_limit(16 * 1024);
  }

  bool read_head() {
    error_code err;
    http::read_header(socket_, buffer_, parser_, err);
    if (err)
      return false;
    const auto& head = parser_.get();
    method_ = head.method_string();
    const std::string_view target{head.target().data(), head.target().size()};
    const auto mark = std::min(target.find('?'), target.size());
    path_ = percent_decoded(target.substr(0, mark));
    if (mark < target.size())
      query_ = parse_query(target.substr(mark + 1));
    keep_alive_ = head.keep_alive();
    return true;
  }

  const std::string& method() const override {
    return method_;
  }

  const std::string& path() const override {
    return path_;
  }

  std::string query(const std::string& name) const override {
    const auto i = query_.find(name);
    return i != query_.end() ? i->second : std::string{};
  }

  bool read_body(const std::function<void(std::string_view)>& piece) override {
    if (parser_.get()[http::field::expect] == "100-continue") {
      error_code err;
      asio::write(socket_,
                  asio::buffer(std::string_view{
                    "HTTP/1.1 100 Continue\r\n\r\n"}),
                  err);
    }
    std::string chunk(64 * 1024, '\0');
    while (!parser_.is_done()) {
      parser_.get().body().data = chunk.data();
      parser_.get().body().size = chunk.size();
      error_code err;
      http::read(socket_, buffer_, parser_, err);
      if (err && err != http::error::need_buffer)
        return false;
      piece({chunk.data(), chunk.size() - parser_.get().body().size});
    }
    return true;
  }

  void reply(int status, const std::string& content_type,
             std::string body) override {
    drain();
    http::response<http::string_body> x{static_cast<http::status>(status), 11};
    x.set(http::field::content_type, content_type);
    x.body() = std::move(body);
    x.keep_alive(keep_alive_);
    x.prepare_payload();
    error_code err;
    http::write(socket_, x, err);
    keep_alive_ = keep_alive_ && !err;
    replied_ = true;
  }

  void begin(int status, const std::string& content_type) override {
    drain();
    http::response<http::empty_body> x{static_cast<http::status>(status), 11};
    x.set(http::field::content_type, content_type);
    x.chunked(true);
    x.keep_alive(keep_alive_);
    http::response_serializer<http::empty_body> out{x};
    error_code err;
    http::write_header(socket_, out, err);
    keep_alive_ = keep_alive_ && !err;
    replied_ = true;
  }

  bool write(std::string_view piece) override {
    if (piece.empty())
      return true;
    error_code err;
    asio::write(socket_,
                http::make_chunk(asio::buffer(piece.data(), piece.size())),
                err);
    keep_alive_ = keep_alive_ && !err;
    return !err;
  }

  void end() override {
    error_code err;
    asio::write(socket_, http::make_chunk_last(), err);
    keep_alive_ = keep_alive_ && !err;
  }

  bool go_on() const {
    return keep_alive_ && replied_;
  }

private:
  /// A reply before the end of the body: the rest would be taken for the next
  /// request.
  void drain() {
    if (!parser_.is_done())
      keep_alive_ = false;
  }

  local::socket& socket_;
  boost::beast::flat_buffer& buffer_;
  http::request_parser<http::buffer_body> parser_;
  std::string method_;
  std::string path_;
  std::map<std::string, std::string> query_;
  bool keep_alive_ = false;
  bool replied_ = false;
};

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

bool admin_exchange::read_small_body(std::string& to, size_t limit) {
  auto fits = true;
  const auto whole = read_body([&](std::string_view piece) {
    fits = fits && to.size() + piece.size() <= limit;
    if (fits)
      to += piece;
  });
  return whole && fits;
}

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
        exchange x{*socket, buffer};
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
