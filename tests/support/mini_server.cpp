#include "tests/support/mini_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace rota {

namespace {

int listen_on_loopback(int& port) {
  const auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const auto raw = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || ::bind(fd, raw, size) != 0 || ::listen(fd, 1024) != 0
      || ::getsockname(fd, raw, &size) != 0)
    throw std::system_error{errno, std::generic_category(), "mini_server"};
  port = ntohs(address.sin_port);
  return fd;
}

} // namespace

// -- exchange -----------------------------------------------------------------

std::string_view mini_exchange::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name)
      return value;
  return {};
}

void mini_exchange::reply(int status, std::string_view content,
                          std::string_view content_type,
                          std::string_view more_headers) {
  auto text = "HTTP/1.1 " + std::to_string(status) + " Some Reason\r\n";
  text += "Content-Type: " + std::string{content_type} + "\r\n";
  text += "Content-Length: " + std::to_string(content.size()) + "\r\n";
  text += more_headers;
  text += "\r\n";
  text += content;
  raw(text);
}

bool mini_exchange::raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0)
      return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

void mini_exchange::reset() {
  // With this option the close that follows sends a reset.
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  fd_ = -1;
}

void mini_exchange::close() {
  ::shutdown(fd_, SHUT_WR);
  fd_ = -1;
}

void mini_exchange::stall() {
  char sink[256];
  while (fd_ >= 0 && ::recv(fd_, sink, sizeof(sink), 0) > 0)
    ;
}

// -- server -------------------------------------------------------------------

mini_server::mini_server() {
  listener_ = listen_on_loopback(port_);
  acceptor_ = std::thread{[this] { accept_all(); }};
}

mini_server::~mini_server() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  std::unique_lock guard{mutex_};
  for (const auto fd : open_)
    ::shutdown(fd, SHUT_RDWR);
  ended_.wait(guard, [this] { return serving_ == 0; });
}

void mini_server::on(const std::string& path, handler f) {
  const std::lock_guard guard{mutex_};
  handlers_[path] = std::move(f);
}

std::string mini_server::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

size_t mini_server::hits(const std::string& path) const {
  const std::lock_guard guard{mutex_};
  const auto i = hits_.find(path);
  return i != hits_.end() ? i->second : 0;
}

size_t mini_server::torn() const {
  const std::lock_guard guard{mutex_};
  return torn_;
}

size_t mini_server::connections() const {
  const std::lock_guard guard{mutex_};
  return accepted_;
}

mini_exchange mini_server::last() const {
  const std::lock_guard guard{mutex_};
  return last_;
}

int mini_server::free_port() {
  auto port = 0;
  ::close(listen_on_loopback(port));
  return port;
}

void mini_server::accept_all() {
  while (!stopping_) {
    const auto fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0)
      continue;
    const auto on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const std::lock_guard guard{mutex_};
    ++accepted_;
    ++serving_;
    open_.push_back(fd);
    std::thread{[this, fd] { serve(fd); }}.detach();
  }
}

void mini_server::serve(int fd) {
  std::string buffer;
  mini_exchange x;
  x.server_ = this;
  for (size_t n = 0; !stopping_; ++n) {
    x.fd_ = fd;
    x.nth = n;
    if (!read_request(fd, buffer, x)) {
      const std::lock_guard guard{mutex_};
      torn_ += !buffer.empty();
      break;
    }
    auto f = handler{};
    {
      const auto path = x.target.substr(0, x.target.find('?'));
      const std::lock_guard guard{mutex_};
      ++hits_[path];
      last_ = x;
      if (const auto i = handlers_.find(path); i != handlers_.end())
        f = i->second;
    }
    if (f)
      f(x);
    else
      x.reply(404, "{}");
    if (x.fd_ < 0)
      break;
  }
  const std::lock_guard guard{mutex_};
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  ::close(fd);
  --serving_;
  ended_.notify_all();
}

bool mini_server::read_request(int fd, std::string& buffer, mini_exchange& x) {
  const auto more = [&] {
    char chunk[65'536];
    const auto n = ::recv(fd, chunk, sizeof(chunk), 0);
    if (n > 0)
      buffer.append(chunk, static_cast<size_t>(n));
    return n > 0;
  };
  auto end = size_t{0};
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
    if (!more())
      return false;
  x.headers.clear();
  auto head = std::string_view{buffer}.substr(0, end + 2);
  const auto first = head.substr(0, head.find("\r\n"));
  const auto space = first.find(' ');
  x.method = first.substr(0, space);
  x.target = first.substr(space + 1, first.rfind(' ') - space - 1);
  head.remove_prefix(first.size() + 2);
  auto length = size_t{0};
  while (!head.empty()) {
    const auto line = head.substr(0, head.find("\r\n"));
    const auto colon = line.find(':');
    std::string name{line.substr(0, colon)};
    for (auto& c : name)
      c = static_cast<char>(std::tolower(c));
    const auto value = line.find_first_not_of(' ', colon + 1);
    x.headers.emplace_back(
      name, value == line.npos ? std::string_view{} : line.substr(value));
    if (name == "content-length")
      length = std::stoul(x.headers.back().second);
    head.remove_prefix(line.size() + 2);
  }
  end += 4;
  while (buffer.size() < end + length)
    if (!more())
      return false;
  x.body = buffer.substr(end, length);
  buffer.erase(0, end + length);
  return true;
}

} // namespace rota
