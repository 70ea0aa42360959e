#pragma once

#include "messages/money.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <string>

namespace rota {

/// What an alert is about.
enum class alert_kind : uint8_t {
  account_low = 0,
  account_exhausted,
  account_ejected,
  all_accounts_failed,
  account_overruns,
  account_lates,
  account_unexplained,
  account_in_doubt,
  account_price,
  account_stale,
  disk_low,
  account_probe,
};

enum class alert_state : uint8_t { inactive = 0, pending, firing, resolved };

enum class severity : uint8_t { info = 0, warning, error, critical };

/// One edge of an alert's life, as it is sent to people.
struct alert {
  alert_kind kind = alert_kind::account_low;
  alert_state state = alert_state::firing;
  severity level = severity::warning;
  /// The account's name; empty where the alert concerns the pool.
  std::string account;
  std::string provider;
  money available;
  money floor;
  timestamp since;
  timestamp at;
  /// One sentence, subject verb object.
  std::string text;
};

/// @returns "account.low".
std::string to_string(alert_kind x);
std::string to_string(alert_state x);
std::string to_string(severity x);

} // namespace rota
