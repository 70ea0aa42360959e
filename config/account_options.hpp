#pragma once

#include "messages/account.hpp"
#include "messages/job.hpp"
#include "messages/money.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// The options of one account, with their defaults; see config/options.hpp.

namespace rota {

/// Where a secret is found. The secret itself is read by the upstream only.
struct secret_ref {
  enum class source : uint8_t { none = 0, env, file };
  source from = source::none;
  /// The variable's name or the file's path.
  std::string name;
};

/// How an account's balance is asked for.
enum class probe_kind : uint8_t {
  none = 0,
  newapi_console,
  newapi_token,
  newapi_billing,
  http_json,
};

struct balance_options {
  probe_kind probe = probe_kind::none;
  /// What the account holds when rota first sees it; absent: unknown until
  /// the first reading.
  std::optional<money> initial;
  /// newapi_console, newapi_token: units of the site's figure that make one
  /// USD; absent: as the site says.
  std::optional<int64_t> units_per_usd;
  /// newapi_console: the access token or session cookie, and the user's id.
  secret_ref console;
  std::string user_id;
  /// http_json: path, JSON pointers to the remaining amount, to what is to be
  /// taken off it and to what says "no limit". USD per unit, of newapi_billing,
  /// too; absent: 1, or as the site says.
  std::string path;
  std::string pointer;
  std::string used_pointer;
  std::string unlimited_pointer;
  std::optional<factor> scale;
  /// How late a charge may show up in a reading.
  milliseconds posting_lag{120'000};
  /// The reading is a multiple of this.
  money quantum{2'000};
};

struct account_options {
  std::string name;
  provider kind = provider::openai;
  factor multiplier;
  money floor{1'000'000'000};
  /// `low` from here down; absent: three times the floor.
  std::optional<money> low;
  std::string base_url;
  secret_ref api_key;
  balance_options balance;
  /// Empty: any.
  std::vector<std::string> models;
  uint32_t max_in_flight = 8;
  uint32_t requests_per_minute = 0; ///< 0: no limit.
  uint32_t tokens_per_minute = 0;   ///< 0: no limit.
  /// The operator's will at the first start; later `rota account` says it.
  admin_state admin = admin_state::ready;
  std::vector<std::string> tags;
  /// Sent with every request to this account, e.g. OpenAI-Organization.
  std::map<std::string, std::string> headers;
};

std::string to_string(probe_kind x);

} // namespace rota
