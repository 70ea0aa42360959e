#include "messages/ec.hpp"

#include <array>

namespace rota {

namespace {

struct row {
  const char* name;
  const char* why;
};

constexpr std::array<row, 23> rows{{
  {"ok", "nothing declined"},
  {"insufficient_funds", "too little money above the floor"},
  {"already_held", "this hold is open already"},
  {"already_ended", "this hold has ended already"},
  {"unknown_hold", "this hold was never made"},
  {"at_limit", "at the limit of requests"},
  {"cooling", "cooling down after a failure"},
  {"not_ready", "drained or in maintenance"},
  {"ejected", "ejected after failures"},
  {"no_such_model", "no account serves this model on this route"},
  {"no_account", "no account can serve this now"},
  {"deadline_passed", "the deadline passed"},
  {"queue_full", "too many jobs are waiting"},
  {"cancelled", "cancelled"},
  {"stopping", "the daemon is stopping"},
  {"balance_unknown", "the balance is not known yet"},
  {"wrong_state", "the present state does not allow this"},
  {"not_found", "there is nothing of this name"},
  {"store_failed", "the store cannot be written"},
  {"reading_stale", "the last reading of the balance is too old"},
  {"disk_low", "the disk of the store is nearly full"},
  {"no_such_tag", "no account with these tags serves this model"},
  {"retries_spent", "too many requests are retries"},
}};

const row& row_of(ec code) {
  const auto i = static_cast<size_t>(code);
  return rows[i < rows.size() ? i : 0];
}

} // namespace

std::string to_string(ec code) {
  return row_of(code).name;
}

std::string explain(ec code) {
  return row_of(code).why;
}

} // namespace rota
