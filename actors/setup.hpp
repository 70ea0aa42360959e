#pragma once

#include "actors/domain/failure.hpp"
#include "actors/domain/pricing.hpp"
#include "config/options.hpp"
#include "messages/envelopes.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace rota {

/// All that configuration says to one account.
struct account_setup {
  health_options health;
  milliseconds least_used_window{3'600'000};
  // What each request looks at lies together.
  store_options store;
  milliseconds total_timeout{600'000};
  refresh_options refresh;
  account_options account;
  /// Asks its provider for what is left; may be absent.
  refresher_actor refresher;
};

/// All that configuration says about routing; immutable, shared by dispatcher
/// and runners.
struct routing_setup {
  routing_options routing;
  upstream_options upstream;
  /// Whether requests leave records.
  bool records = false;
  price_table_ptr prices;
  failure_rules_ptr rules;
  /// Hashes of the texts that these are from, to tell that one changed.
  size_t prices_text = 0;
  size_t rules_text = 0;
};

/// What a BATCH keeps to. A reload changes it under those that run.
struct batch_setup {
  batch_limits limits;
  /// A line that was perhaps charged so often is sent no more.
  uint32_t billed_attempts = routing_options{}.billed_attempts;
};

/// Clients of the API, with what is known of them from earlier runs.
struct clients_setup {
  struct member {
    client_head head;
    /// Absent: configured no more.
    std::optional<client_options> options;
    /// That accounts had open when the daemon last ran.
    std::vector<open_hold> holds;
  };
  std::vector<member> members;
};

/// An account whose balance is to be asked for.
struct probe_target {
  account_id account;
  std::string name;
  std::string host;
  balance_options balance;
  account_actor actor;
};

} // namespace rota
