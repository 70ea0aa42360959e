#pragma once

#include "messages/account.hpp"

namespace rota {

/// The part of an account that is stored beside its books.
struct account_row {
  account_id account;
  admin_state admin = admin_state::ready;
  health_state health = health_state::healthy;
  timestamp cooldown_until;
  uint32_t ejections = 0;
  uint64_t failures = 0;
  bool exhausted = false;
  std::string reason;
  /// What its price factor is drawn from, the oldest first, and how many of
  /// the last windows it was off in.
  std::vector<factor> price_ratios;
  uint32_t price_off_windows = 0;
  /// The longest after which a charge was found to show up in a reading; zero:
  /// nothing was learnt.
  milliseconds posting_lag{0};
};

} // namespace rota
