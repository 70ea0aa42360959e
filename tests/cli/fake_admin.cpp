#include "tests/cli/fake_admin.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace rota {

namespace {

constexpr size_t kept_most = 1024 * 1024;

/// Bytes from a socket, by line and by number.
class reader {
public:
  explicit reader(int fd) : fd_{fd} {
    // nop
  }

  bool line(std::string& to) {
    size_t end;
    while ((end = buffer_.find("\r\n")) == std::string::npos)
      if (!more())
        return false;
    to = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return true;
  }

  bool take(uint64_t size, fake_admin::request& into) {
    while (size > 0) {
      if (buffer_.empty() && !more())
        return false;
      const auto part = std::min<uint64_t>(size, buffer_.size());
      if (into.body.size() < kept_most)
        into.body.append(buffer_, 0, part);
      into.body_size += part;
      size -= part;
      buffer_.erase(0, part);
    }
    return true;
  }

private:
  bool more() {
    char bytes[65536];
    const auto size = recv(fd_, bytes, sizeof(bytes), 0);
    if (size <= 0)
      return false;
    buffer_.append(bytes, static_cast<size_t>(size));
    return true;
  }

  int fd_;
  std::string buffer_;
};

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto size = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0)
      return false;
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

bool read_chunks(reader& in, fake_admin::request& into) {
  for (std::string line;;) {
    if (!in.line(line))
      return false;
    const auto size = std::strtoull(line.c_str(), nullptr, 16);
    if (!in.take(size, into) || !in.line(line))
      return false;
    if (size == 0)
      return true;
  }
}

bool read_request(reader& in, fake_admin::request& x) {
  std::string line;
  if (!in.line(line))
    return false;
  const auto target = line.find(' ') + 1;
  x.method = line.substr(0, target - 1);
  const auto whole = line.substr(target, line.find(' ', target) - target);
  const auto mark = whole.find('?');
  x.path = whole.substr(0, mark);
  x.query = mark == std::string::npos ? "" : whole.substr(mark + 1);
  uint64_t length = 0;
  auto chunked = false;
  while (in.line(line) && !line.empty()) {
    chunked = chunked || line == "Transfer-Encoding: chunked";
    if (line.starts_with("Content-Length: "))
      length = std::strtoull(line.c_str() + 16, nullptr, 10);
  }
  x.whole = chunked ? read_chunks(in, x) : in.take(length, x);
  return true;
}

} // namespace

fake_admin::fake_admin(const std::string& socket) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (socket.size() >= sizeof(where.sun_path))
    throw std::runtime_error{"the socket's path is too long"};
  std::memcpy(where.sun_path, socket.data(), socket.size());
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0
      || listen(listener_, 16) != 0 || pipe(stop_) != 0)
    throw std::runtime_error{"cannot listen at " + socket};
  thread_ = std::thread{[this] { serve(); }};
}

fake_admin::~fake_admin() {
  close(stop_[1]);
  thread_.join();
  close(stop_[0]);
  close(listener_);
}

void fake_admin::on(const std::string& request, std::vector<answer> answers) {
  const std::lock_guard guard{mutex_};
  answers_[request] = std::move(answers);
}

void fake_admin::on(const std::string& request, const std::string& body,
                    int status) {
  on(request, {{status, body, {}}});
}

std::vector<fake_admin::request> fake_admin::seen() {
  const std::lock_guard guard{mutex_};
  return seen_;
}

size_t fake_admin::count(const std::string& request) {
  size_t result = 0;
  for (const auto& x : seen())
    result += x.method + ' ' + x.path == request ? 1 : 0;
  return result;
}

void fake_admin::serve() {
  for (;;) {
    pollfd waiting[2] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    poll(waiting, 2, -1);
    if (waiting[1].revents != 0)
      return;
    const auto peer = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0)
      continue;
    converse(peer);
    close(peer);
  }
}

void fake_admin::converse(int peer) {
  reader in{peer};
  request x;
  if (!read_request(in, x))
    return;
  const auto what = answer_to(x);
  auto head = "HTTP/1.1 " + std::to_string(what.status)
              + " Whatever\r\nConnection: close\r\n";
  if (!what.stream) {
    send_all(peer, head + "Content-Length: " + std::to_string(what.body.size())
                     + "\r\n\r\n" + what.body);
    return;
  }
  send_all(peer, head + "Transfer-Encoding: chunked\r\n\r\n");
  const auto whole = what.stream([peer](std::string_view piece) {
    char size[32];
    std::snprintf(size, sizeof(size), "%zx\r\n", piece.size());
    return send_all(peer, size) && send_all(peer, piece)
           && send_all(peer, "\r\n");
  });
  if (whole)
    send_all(peer, "0\r\n\r\n");
}

fake_admin::answer fake_admin::answer_to(const request& x) {
  const std::lock_guard guard{mutex_};
  seen_.push_back(x);
  const auto i = answers_.find(x.method + ' ' + x.path);
  if (i == answers_.end())
    return {404,
            R"({"error":{"code":"not_found","message":"There is no )" + x.path
              + R"( here."}})",
            {}};
  const auto result = i->second.front();
  if (i->second.size() > 1)
    i->second.erase(i->second.begin());
  return result;
}

} // namespace rota
