#include "runtime/upstream/plain_lane.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace rota {

plain_lane::plain_lane(host& owner, const upstream_options& limits,
                       const connect_options& connect)
  : host_{owner},
    limits_{limits},
    connect_{connect},
    opener_{owner, limits.transfers_per_handle} {
  // nop
}

plain_lane::~plain_lane() {
  while (!connections_.empty())
    close(*connections_.back());
}

transfer* plain_lane::start(upstream_call_ptr call, upstream_target_ptr target,
                            std::string& error) {
  auto x = spares_.take(limits_, host_.now);
  error = x->prepare(std::move(call), std::move(target));
  if (!error.empty()) {
    spares_.keep(std::move(x));
    return nullptr;
  }
  place(*x);
  return x.release();
}

void plain_lane::stop(transfer& x) {
  const auto connection
    = std::exchange(static_cast<plain_transfer&>(x).connection, nullptr);
  if (connection == nullptr)
    return;
  if (connection->release(host_.now))
    idle_[connection->origin()].push_back(connection);
  else
    close(*connection);
}

void plain_lane::take_back(transfer& x) {
  spares_.keep(
    std::unique_ptr<plain_transfer>{static_cast<plain_transfer*>(&x)});
}

// -- connections --------------------------------------------------------------

void plain_lane::place(plain_transfer& x) {
  auto& idle = idle_[x.target().origin()];
  while (!idle.empty() && x.may_begin_anew()) {
    const auto connection = idle.back();
    idle.pop_back();
    if (host_.now - connection->since() < limits_.max_idle_connection
        && connection->carry(x))
      return;
    close(*connection);
    x.begin_anew();
  }
  connect(x);
}

void plain_lane::connect(plain_transfer& x) {
  const auto easy = curl_easy_init();
  if (easy == nullptr)
    throw std::bad_alloc{};
  connections_.push_back(
    std::make_unique<plain_connection>(*this, x.target().origin()));
  auto& connection = *connections_.back();
  connection.slot = connections_.size() - 1;
  connection.opening = easy;
  connection.reserve_for(x);
  connect_.prepare(easy);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &connection);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, connection.error_text.data());
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_CURLU, x.target().base());
  opener_.add(easy);
}

void plain_lane::end_opening(plain_connection& x) {
  const auto easy = std::exchange(x.opening, nullptr);
  opener_.remove(easy);
  curl_easy_cleanup(easy);
}

void plain_lane::close(plain_connection& x) {
  if (x.opening != nullptr)
    end_opening(x);
  const auto slot = x.slot;
  std::swap(connections_[slot], connections_.back());
  connections_[slot]->slot = slot;
  connections_.pop_back();
}

void plain_lane::over(plain_connection& x) {
  const auto exchange = x.current();
  if (exchange == nullptr) {
    auto& idle = idle_[x.origin()];
    idle.erase(std::remove(idle.begin(), idle.end(), &x), idle.end());
    close(x);
  } else if (x.is_stale()) {
    exchange->begin_anew();
    exchange->connection = nullptr;
    close(x);
    place(*exchange);
  } else {
    host_.ended(*exchange);
  }
}

// -- turns --------------------------------------------------------------------

void plain_lane::collect() {
  opener_.collect([this](CURL* easy, CURLcode rc) {
    void* data = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &data);
    auto& x = *static_cast<plain_connection*>(data);
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
    auto ended = true;
    if (rc != CURLE_OK)
      x.current()->broke(x.error_text[0] != '\0' ? x.error_text.data()
                                                 : curl_easy_strerror(rc));
    else
      ended = x.opened(fd);
    end_opening(x);
    if (ended)
      over(x);
  });
}

void plain_lane::want_turn() {
  turn_wanted_ = true;
  host_.kick_soon();
}

void plain_lane::kick() {
  opener_.kick();
  if (!std::exchange(turn_wanted_, false))
    return;
  // Backwards, since the last takes the place of one that closes.
  for (auto i = connections_.size(); i-- > 0;)
    if (i < connections_.size() && connections_[i]->read_on())
      over(*connections_[i]);
}

void plain_lane::tick() {
  opener_.tick();
  for (auto& [origin, idle] : idle_) {
    const auto old = [this](const plain_connection* x) {
      return host_.now - x->since() >= limits_.max_idle_connection;
    };
    // The oldest come first.
    const auto end = std::find_if_not(idle.begin(), idle.end(), old);
    for (auto i = idle.begin(); i != end; ++i)
      close(**i);
    idle.erase(idle.begin(), end);
  }
  std::erase_if(idle_, [](const auto& x) { return x.second.empty(); });
}

void plain_lane::rest() {
  tick();
}

} // namespace rota
