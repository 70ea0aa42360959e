#pragma once

#include "messages/ids.hpp"
#include "messages/time.hpp"

#include <string>

namespace rota {

/// A longer id of a response is remembered by nobody.
inline constexpr size_t response_id_max = 512;

/// Which account keeps a response, and for whom: it exists nowhere else.
struct response_pin {
  std::string id;
  account_id account;
  client_id client;
  timestamp at;

  friend bool operator==(const response_pin&, const response_pin&) = default;
};

} // namespace rota
