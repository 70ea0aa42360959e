#include "messages/account.hpp"

#include <array>

namespace rota {

namespace {

constexpr std::array<const char*, 3> admin_names{
  "ready", "drain", "maintenance",
};

} // namespace

std::string to_string(health_state x) {
  static constexpr std::array<const char*, 4> names{
    "healthy", "degraded", "ejected", "probing",
  };
  return names.at(static_cast<size_t>(x));
}

std::string to_string(admin_state x) {
  return admin_names.at(static_cast<size_t>(x));
}

std::optional<admin_state> parse_admin_state(std::string_view text) {
  for (size_t i = 0; i < admin_names.size(); ++i)
    if (text == admin_names[i])
      return static_cast<admin_state>(i);
  return std::nullopt;
}

std::string to_string(funds_state x) {
  static constexpr std::array<const char*, 4> names{
    "unknown", "funded", "low", "exhausted",
  };
  return names.at(static_cast<size_t>(x));
}

std::string to_string(entry_kind x) {
  static constexpr std::array<const char*, 15> names{
    "?",      "open",    "topup", "hold",    "settle",  "release", "expire",
    "doubt",  "assume",  "late",  "overrun", "correct", "adjust",  "reading",
    "suspect",
  };
  return names.at(static_cast<size_t>(x));
}

} // namespace rota
