#include "messages/alert.hpp"

#include <array>

namespace rota {

std::string to_string(alert_kind x) {
  static constexpr std::array<const char*, 12> names{
    "account.low",         "account.exhausted", "account.ejected",
    "pool.all_failed",     "account.overruns",  "account.lates",
    "account.unexplained", "account.in_doubt",  "account.price",
    "account.stale",       "disk.low",          "account.probe",
  };
  return names.at(static_cast<size_t>(x));
}

std::string to_string(alert_state x) {
  static constexpr std::array<const char*, 4> names{
    "inactive", "pending", "firing", "resolved",
  };
  return names.at(static_cast<size_t>(x));
}

std::string to_string(severity x) {
  static constexpr std::array<const char*, 4> names{
    "info", "warning", "error", "critical",
  };
  return names.at(static_cast<size_t>(x));
}

} // namespace rota
