#pragma once

#include "messages/printable.hpp"
#include "tools/rota/client.hpp"

#include <cstdint>
#include <string>

namespace rota::cli {

// Reading the daemon's replies. A field that is missing or of another kind
// throws one sentence: rota and rotad are of different versions then.

/// @returns The field itself.
const json& field(const json& x, const char* key);

/// A text, made fit for a terminal: what a provider or a file said may hold
/// escapes. Empty for null or where there is none.
std::string text(const json& x, const char* key);

/// A whole number from 0.
uint64_t count(const json& x, const char* key);

double number(const json& x, const char* key);
bool flag(const json& x, const char* key);

/// A list; empty where there is none.
const json& list(const json& x, const char* key);

/// Decimal USD, short: "25.00 USD".
std::string usd(const json& x, const char* key);

} // namespace rota::cli
