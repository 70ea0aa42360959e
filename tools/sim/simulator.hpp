#pragma once

#include "tools/sim/options.hpp"
#include "tools/sim/wire.hpp"

#include <memory>

namespace rota::sim {

/// A provider without its sockets: request in, answer and its mishaps out. Not
/// for several threads at once. Reads no clock.
class simulator {
public:
  /// @param wall_seconds Seconds since 1970 where `now` is zero.
  simulator(options opts, int64_t wall_seconds);
  ~simulator();
  simulator(const simulator&) = delete;
  simulator& operator=(const simulator&) = delete;

  /// @param now Time since the start; never goes back.
  http_reply handle(const http_request& x, microseconds now);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace rota::sim
