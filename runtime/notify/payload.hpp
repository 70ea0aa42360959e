#pragma once

#include "messages/alert.hpp"
#include "messages/upstream.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// The generic webhook's body: one JSON object with the members event, state,
/// severity, time, since, host, account {name, provider}, balance {value,
/// currency, threshold}, text and id. Amounts are decimal numbers in USD.
/// @param host Where this daemon runs.
/// @param id   Names the edge; a repeated delivery carries the same.
std::string webhook_body(const alert& x, std::string_view host,
                         std::string_view id);

/// @returns "sha256=" and HMAC-SHA256(key, body) in lower case hex.
std::string webhook_signature(std::string_view key, std::string_view body);

/// @returns A new identifier of 26 characters that sorts by time.
std::string new_event_id(timestamp t);

/// Whether a receiver took a message. Chat services answer 200 and say in the
/// body that they did not, so `errcode`, `StatusCode` and `code` must be
/// absent, 0 or 200, and `ok` must not be false.
bool was_taken(const upstream_outcome& x);

/// Whether another try may help: the network, 429 or 5xx.
bool may_try_again(const upstream_outcome& x);

/// @returns How long the receiver wants to be left alone, if it says so.
std::optional<milliseconds> wanted_pause(const upstream_outcome& x);

} // namespace rota
