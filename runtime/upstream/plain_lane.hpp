#pragma once

#include "config/options.hpp"
#include "runtime/upstream/connect_options.hpp"
#include "runtime/upstream/curl_shard.hpp"
#include "runtime/upstream/lane.hpp"
#include "runtime/upstream/plain_connection.hpp"
#include "runtime/upstream/spares.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace rota {

/// Plain HTTP/1.1 without libcurl between us and the bytes: libcurl opens the
/// connections. A request leaves in one piece and is sent at most once, unless
/// it costs nothing.
class plain_lane : public lane {
public:
  plain_lane(host& owner, const upstream_options& limits,
             const connect_options& connect);
  ~plain_lane() override;

  transfer* start(upstream_call_ptr call, upstream_target_ptr target,
                  std::string& error) override;
  void stop(transfer& x) override;
  void take_back(transfer& x) override;
  void collect() override;
  void kick() override;
  void tick() override;
  void rest() override;

  // -- for its connections ----------------------------------------------------

  socket_set& sockets() noexcept {
    return host_.sockets;
  }

  /// An exchange that was paused reads on.
  void want_turn();

  /// The exchange on it is over, or it broke while idle. May destroy it.
  void over(plain_connection& x);

private:
  void place(plain_transfer& x);
  void connect(plain_transfer& x);
  void end_opening(plain_connection& x);
  void close(plain_connection& x);

  host& host_;
  const upstream_options& limits_;
  const connect_options& connect_;
  curl_shard opener_;
  bool turn_wanted_ = false;
  std::vector<std::unique_ptr<plain_connection>> connections_;
  /// By origin; the last used comes last.
  std::unordered_map<std::string, std::vector<plain_connection*>> idle_;
  spares<plain_transfer> spares_;
};

} // namespace rota
