#pragma once

#include "messages/account.hpp"
#include "messages/alert.hpp"
#include "messages/batch.hpp"
#include "messages/client.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace rota {

struct file_report;

using json = nlohmann::ordered_json;

// How the admin API spells things: money as decimal USD with nine places,
// times as RFC 3339 or null, enumerations by name.

json view_of(const model_cooldown& x);
json view_of(const model_factor& x);
json view_of(const account_view& x);
json view_of(const client_view& x);
json view_of(const alert& x);
json view_of(const open_hold& x, const std::string& account);

/// @param waiting_for Why lines wait for an account, or empty.
/// @param doubts The batch's holds in doubt, with their accounts.
json view_of(const batch_view& x, const std::string& waiting_for,
             const json& doubts);

json view_of(const file_report& x);

/// @returns Null for "never".
json time_of(timestamp x);

/// {"error":{"code":...,"message":...}}
json error_of(const std::string& code, const std::string& message);

} // namespace rota
