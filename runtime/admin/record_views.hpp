#pragma once

#include "messages/record.hpp"
#include "runtime/admin/views.hpp"

#include <functional>
#include <string>

namespace rota {

/// Names for the numbers in a record; what has none any more has its number.
struct record_names {
  std::function<std::string(account_id)> account;
  std::function<std::string(client_id)> client;
};

/// A record as `rota requests` lists it: its attempts, not its picks.
json view_of(const usage_record& x, const record_names& names);

/// A record with all that `rota explain` tells.
json whole_view_of(const usage_record& x, const record_names& names);

/// What a strategy ranked an account by, for people: "12.50 USD available".
std::string score_text(strategy by, const candidate& x);

} // namespace rota
