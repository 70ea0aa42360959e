#include "runtime/upstream/curl_shard.hpp"

#include <new>

namespace rota {

curl_shard::curl_shard(lane::host& owner, size_t transfers)
  : host_{owner}, multi_{curl_multi_init()} {
  if (multi_ == nullptr)
    throw std::bad_alloc{};
  const auto n = static_cast<long>(transfers);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &curl_shard::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &curl_shard::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, n);
  curl_multi_setopt(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS, n);
}

curl_shard::~curl_shard() {
  curl_multi_cleanup(multi_);
}

void curl_shard::add(CURL* easy) {
  ++active_;
  curl_multi_add_handle(multi_, easy);
}

void curl_shard::remove(CURL* easy) {
  curl_multi_remove_handle(multi_, easy);
  --active_;
}

void curl_shard::act(int fd, int mask) {
  auto running = 0;
  curl_multi_socket_action(multi_, fd, mask, &running);
  touched_ = true;
}

void curl_shard::kick() {
  if (!kicked_)
    return;
  kicked_ = false;
  time_out();
}

void curl_shard::tick() {
  if (deadline_ > host_.now)
    return;
  deadline_ = lane::time_point::max();
  time_out();
  // A deadline that has not changed is not told again.
  auto left = long{-1};
  curl_multi_timeout(multi_, &left);
  if (left >= 0)
    deadline_ = host_.now + std::chrono::milliseconds{left + 1};
}

void curl_shard::resumed() {
  touched_ = kicked_ = true;
  host_.kick_soon();
}

void curl_shard::time_out() {
  act(CURL_SOCKET_TIMEOUT, 0);
}

// -- libcurl's callbacks ------------------------------------------------------

int curl_shard::on_socket(CURL*, curl_socket_t fd, int what, void* self,
                          void*) {
  auto& x = *static_cast<curl_shard*>(self);
  x.host_.sockets.watch(fd, what, &x);
  return 0;
}

int curl_shard::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& x = *static_cast<curl_shard*>(self);
  if (timeout_ms < 0) {
    x.deadline_ = lane::time_point::max();
  } else if (timeout_ms == 0) {
    x.kicked_ = true;
    x.host_.kick_soon();
  } else {
    x.deadline_ = x.host_.now + std::chrono::milliseconds{timeout_ms + 1};
  }
  return 0;
}

} // namespace rota
