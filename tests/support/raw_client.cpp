#include "tests/support/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace rota {

namespace {

constexpr int patience_ms = 10'000;

} // namespace

raw_client::raw_client(uint16_t port)
    : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0)
    throw std::runtime_error{"nobody listens on port " + std::to_string(port)};
}

raw_client::raw_client(const std::string& path)
    : fd_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof(to.sun_path) - 1);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0)
    throw std::runtime_error{"nobody listens at " + path};
}

raw_client::~raw_client() {
  close();
}

bool raw_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0)
      return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

std::string raw_client::receive_until(std::string_view mark) {
  auto text = std::exchange(rest_, {});
  while (text.find(mark) == std::string::npos && receive_some(text)) {
  }
  if (const auto i = text.find(mark); i != std::string::npos) {
    rest_ = text.substr(i + mark.size());
    text.resize(i + mark.size());
  }
  return text;
}

std::string raw_client::receive_all() {
  auto text = std::exchange(rest_, {});
  while (receive_some(text)) {
  }
  return text;
}

bool raw_client::closed() {
  while (receive_some(rest_)) {
  }
  return closed_;
}

bool raw_client::was_reset() {
  return closed() && reset_;
}

void raw_client::close() {
  if (fd_ >= 0)
    ::close(std::exchange(fd_, -1));
}

bool raw_client::receive_some(std::string& to) {
  pollfd ready{fd_, POLLIN, 0};
  if (::poll(&ready, 1, patience_ms) <= 0)
    return false;
  char bytes[65'536];
  const auto n = ::recv(fd_, bytes, sizeof(bytes), 0);
  if (n <= 0) {
    closed_ = true;
    reset_ = reset_ || (n < 0 && errno == ECONNRESET);
    return false;
  }
  to.append(bytes, static_cast<size_t>(n));
  return true;
}

} // namespace rota
