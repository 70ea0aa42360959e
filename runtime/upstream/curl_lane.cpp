#include "runtime/upstream/curl_lane.hpp"

namespace rota {

curl_lane::curl_lane(host& owner, const upstream_options& limits,
                     const connect_options& connect)
  : host_{owner}, limits_{limits}, connect_{connect} {
  // nop
}

transfer* curl_lane::start(upstream_call_ptr call, upstream_target_ptr target,
                           std::string& error) {
  auto x = spares_.take(limits_, host_.now, connect_);
  error = x->prepare(std::move(call), std::move(target));
  if (!error.empty()) {
    spares_.keep(std::move(x));
    return nullptr;
  }
  x->shard = &shard_with_room();
  x->shard->add(x->easy());
  return x.release();
}

void curl_lane::stop(transfer& x) {
  auto& y = static_cast<curl_transfer&>(x);
  y.shard->remove(y.easy());
}

void curl_lane::take_back(transfer& x) {
  // Connections are the multi handle's and stay, whatever becomes of it.
  auto owner
    = std::unique_ptr<curl_transfer>{static_cast<curl_transfer*>(&x)};
  if (owner->is_sound())
    spares_.keep(std::move(owner));
}

void curl_lane::collect() {
  for (const auto& shard : shards_)
    shard->collect([this](CURL* easy, CURLcode rc) {
      void* data = nullptr;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &data);
      auto& x = *static_cast<curl_transfer*>(data);
      x.ended_with(rc);
      host_.ended(x);
    });
}

void curl_lane::kick() {
  for (const auto& x : shards_)
    x->kick();
}

void curl_lane::tick() {
  for (const auto& x : shards_)
    x->tick();
}

void curl_lane::rest() {
  // Their connections are too old to be used again.
  shards_.clear();
}

curl_shard& curl_lane::shard_with_room() {
  const auto most = limits_.transfers_per_handle;
  // The first of them, so that idle connections are found again.
  for (const auto& x : shards_)
    if (x->active() < most)
      return *x;
  shards_.push_back(std::make_unique<curl_shard>(host_, most));
  return *shards_.back();
}

} // namespace rota
