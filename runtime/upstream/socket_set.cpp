#include "runtime/upstream/socket_set.hpp"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <system_error>

namespace rota {

namespace {

thread_local epoll_event events[64];

} // namespace

socket_set::socket_set() : epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
  if (epoll_ < 0)
    throw std::system_error{errno, std::generic_category(), "epoll_create1"};
}

socket_set::~socket_set() {
  ::close(epoll_);
}

void socket_set::watch(int fd, int what, socket_owner* owner) {
  const auto i = static_cast<size_t>(fd);
  if (i >= entries_.size())
    entries_.resize(i + 1);
  auto& x = entries_[i];
  if (what == CURL_POLL_REMOVE) {
    x.owner = nullptr;
    return;
  }
  x.owner = owner;
  uint32_t wanted = 0;
  if (what & CURL_POLL_IN)
    wanted |= EPOLLIN;
  if (what & CURL_POLL_OUT)
    wanted |= EPOLLOUT;
  if (!x.known || x.armed != wanted)
    arm(fd, x, wanted);
}

void socket_set::forget(int fd) {
  const auto i = static_cast<size_t>(fd);
  if (i >= entries_.size())
    return;
  auto& x = entries_[i];
  if (x.known)
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  x = entry{nullptr, x.generation + 1, 0, false};
}

void socket_set::arm(int fd, entry& x, uint32_t wanted) {
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = (uint64_t{x.generation} << 32) | static_cast<uint32_t>(fd);
  // libcurl closes some descriptors (those of its resolver) without a word,
  // and epoll forgets what is closed.
  auto rc = ::epoll_ctl(epoll_, x.known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
                        &event);
  if (rc != 0 && errno == ENOENT)
    rc = ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  else if (rc != 0 && errno == EEXIST)
    rc = ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
  x.known = rc == 0;
  x.armed = rc == 0 ? wanted : 0;
}

bool socket_set::poll() {
  const auto n = fetch();
  for (size_t i = 0; i < n; ++i)
    if (const auto x = take(i); x.owner != nullptr)
      x.owner->act(x.fd, x.mask);
  return n == batch_max;
}

size_t socket_set::fetch() {
  static_assert(std::size(events) == batch_max);
  const auto n = ::epoll_wait(epoll_, events, batch_max, 0);
  return n > 0 ? static_cast<size_t>(n) : 0;
}

socket_set::event socket_set::take(size_t i) {
  const auto key = events[i].data.u64;
  const auto what = events[i].events;
  const auto fd = static_cast<int>(key & 0xFFFF'FFFF);
  auto& x = entries_[static_cast<size_t>(fd)];
  if (x.generation != key >> 32)
    return {};
  if (x.owner == nullptr) {
    // Nobody wants to hear it, so it must not speak again. A socket that hung
    // up would, whatever is armed.
    if (what & (EPOLLHUP | EPOLLERR)) {
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
      x.known = false;
      x.armed = 0;
    } else {
      arm(fd, x, 0);
    }
    return {};
  }
  auto mask = 0;
  if (what & (EPOLLIN | EPOLLHUP))
    mask |= CURL_CSELECT_IN;
  if (what & EPOLLOUT)
    mask |= CURL_CSELECT_OUT;
  if (what & EPOLLERR)
    mask |= CURL_CSELECT_ERR;
  return {x.owner, fd, mask};
}

} // namespace rota
