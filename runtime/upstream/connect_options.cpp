#include "runtime/upstream/connect_options.hpp"

#include <unistd.h>

#include <mutex>
#include <new>

namespace rota {

connect_options::connect_options(lane::host& owner)
  : host_{owner}, share_{nullptr, &curl_share_cleanup} {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_ALL); });
  share_.reset(curl_share_init());
  if (share_ == nullptr)
    throw std::bad_alloc{};
  curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

void connect_options::prepare(CURL* easy) const {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Never wait for a resolver's thread.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_SHARE, share_.get());
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &host_);
}

int connect_options::on_close(void* owner, curl_socket_t fd) {
  static_cast<lane::host*>(owner)->sockets.forget(fd);
  return ::close(fd);
}

} // namespace rota
