#pragma once

#include "messages/money.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// What went wrong with an attempt. The names are those of the rule file.
enum class failure_class : uint8_t {
  none = 0, ///< It succeeded.
  client_error,
  context_too_long,
  content_policy,
  session_bound,
  client_restricted,
  model_unavailable,
  auth_invalid,
  auth_forbidden,
  account_banned,
  quota_exhausted,
  key_quota_exhausted,
  low_balance,
  rate_limited,
  overloaded,
  upstream_error,
  waf_challenge,
  stream_broken,
};

/// Whom a failure concerns.
enum class failure_scope : uint8_t {
  request = 0,
  account_model,
  account,
  host,
  pool,
};

/// What becomes of that whom it concerns.
enum class account_action : uint8_t {
  none = 0,
  penalty,     ///< Counts against its health.
  cooldown,    ///< Not used until a time.
  low_balance, ///< Too little for a request of this size.
  exhausted,   ///< No money until a reading, a reset or a person says so.
  disabled,    ///< Its key is refused; only a person or a new key helps.
};

/// Whether the provider charged for a failed attempt.
enum class charge : uint8_t {
  no = 0,   ///< Certainly not: release the hold.
  yes,      ///< It said what it used: settle.
  perhaps,  ///< Nobody knows: the hold stays, in doubt.
  hardly,   ///< It failed after the request had come, so mostly not: the hold
            ///< stays until a charge would show, then it is released.
};

/// The judgement over one attempt.
struct verdict {
  failure_class cls = failure_class::none;
  failure_scope scope = failure_scope::request;
  account_action action = account_action::none;
  charge charged = charge::no;
  /// Another account may serve this request.
  bool failover = false;
  /// How long to cool down, as the provider said; nothing: by back-off.
  std::optional<milliseconds> cooldown;
  /// What the account would need for this request, where it said so.
  std::optional<money> needed;
  /// Half a sentence for people; never a secret, never a prompt.
  std::string reason;
};

std::string to_string(failure_class x);
std::string to_string(failure_scope x);
std::string to_string(account_action x);
std::optional<failure_class> parse_failure_class(std::string_view text);
std::optional<failure_scope> parse_failure_scope(std::string_view text);
std::optional<account_action> parse_account_action(std::string_view text);

} // namespace rota
