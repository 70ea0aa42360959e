#include "messages/failure.hpp"

#include <array>

namespace rota {

namespace {

constexpr std::array<const char*, 18> class_names{
  "none",           "client_error",    "context_too_long",
  "content_policy", "session_bound",   "client_restricted",
  "model_unavailable", "auth_invalid", "auth_forbidden",
  "account_banned", "quota_exhausted", "key_quota_exhausted",
  "low_balance",    "rate_limited",    "overloaded",
  "upstream_error", "waf_challenge",   "stream_broken",
};

constexpr std::array<const char*, 5> scope_names{
  "request", "account+model", "account", "host", "pool",
};

constexpr std::array<const char*, 6> action_names{
  "none", "penalty", "cooldown", "low_balance", "exhausted", "disabled",
};

template <class Enum, size_t N>
std::optional<Enum> find(const std::array<const char*, N>& names,
                         std::string_view text) {
  for (size_t i = 0; i < N; ++i)
    if (text == names[i])
      return static_cast<Enum>(i);
  return std::nullopt;
}

} // namespace

std::string to_string(failure_class x) {
  return class_names.at(static_cast<size_t>(x));
}

std::string to_string(failure_scope x) {
  return scope_names.at(static_cast<size_t>(x));
}

std::string to_string(account_action x) {
  return action_names.at(static_cast<size_t>(x));
}

std::optional<failure_class> parse_failure_class(std::string_view text) {
  return find<failure_class>(class_names, text);
}

std::optional<failure_scope> parse_failure_scope(std::string_view text) {
  return find<failure_scope>(scope_names, text);
}

std::optional<account_action> parse_account_action(std::string_view text) {
  return find<account_action>(action_names, text);
}

} // namespace rota
