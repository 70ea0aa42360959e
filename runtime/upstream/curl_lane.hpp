#pragma once

#include "runtime/upstream/curl_shard.hpp"
#include "runtime/upstream/curl_transfer.hpp"
#include "runtime/upstream/lane.hpp"
#include "runtime/upstream/spares.hpp"

#include <memory>
#include <vector>

namespace rota {

/// libcurl speaks: TLS, HTTP/2 where the provider has it. Many transfers to a
/// multi handle and several of those, since a multi handle gets slower with
/// each transfer under way to one host.
class curl_lane : public lane {
public:
  curl_lane(host& owner, const upstream_options& limits,
            const connect_options& connect);

  transfer* start(upstream_call_ptr call, upstream_target_ptr target,
                  std::string& error) override;
  void stop(transfer& x) override;
  void take_back(transfer& x) override;
  void collect() override;
  void kick() override;
  void tick() override;
  void rest() override;

  /// @returns Multi handles that are open now.
  size_t shards() const noexcept {
    return shards_.size();
  }

private:
  curl_shard& shard_with_room();

  host& host_;
  const upstream_options& limits_;
  const connect_options& connect_;
  std::vector<std::unique_ptr<curl_shard>> shards_;
  spares<curl_transfer> spares_;
};

} // namespace rota
