#pragma once

#include "messages/money.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// The options of one client of the API, with their defaults; see
// config/options.hpp.

namespace rota {

/// What a client may cost; absent: no cap.
struct spend_caps {
  std::optional<money> day;
  std::optional<money> month;
};

struct client_options {
  std::string name;
  /// sha256:HEX, env:NAME or file:PATH each: the SHA-256 of a token, or where
  /// the token itself is found.
  std::vector<std::string> tokens;
  /// Empty: any.
  std::vector<std::string> models;
  /// Served only by accounts that carry all of these.
  std::vector<std::string> tags;
  uint32_t max_in_flight = 0;       ///< 0: no limit.
  uint32_t requests_per_minute = 0; ///< 0: no limit.
  uint32_t tokens_per_minute = 0;   ///< 0: no limit.
  spend_caps cap;
  /// Whether its answers name the account that served them.
  bool show_account = false;
};

} // namespace rota
