#pragma once

#include "messages/ids.hpp"
#include "messages/money.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace rota {

/// What a client of the API has cost: the sum of all charges for its calls,
/// whichever account paid them. Stored with the entries that change it.
struct client_head {
  client_id client;
  std::string name;
  /// Calls to providers, tries included.
  uint64_t calls = 0;
  money spent;
  /// The last day and month (UTC) that something was charged in, and what.
  int64_t day = 0;   ///< Days since the Unix epoch.
  money day_spent;
  int64_t month = 0; ///< Months since the year 0.
  money month_spent;
  timestamp last_used;

  friend bool operator==(const client_head&, const client_head&) = default;
};

/// Asks whether a client may have a job served now.
struct admission {
  job_id job;
  /// Input and the most output, by estimate.
  int64_t tokens = 0;
  /// What the job may cost, by estimate.
  money amount;
};

/// Why a client is not served now.
enum class client_refusal : uint8_t {
  none = 0,
  /// It has as many requests under way as it may.
  in_flight,
  /// Of requests or tokens per minute.
  rate,
  /// What is left of a cap is held for requests under way.
  held,
  day_cap,
  month_cap,
};

struct admittance {
  job_id job;
  client_refusal why = client_refusal::none;
  /// When it may be served at the earliest; "never": not by waiting.
  timestamp again;
};

/// A client as people see it.
struct client_view {
  std::string name;
  /// Tokens that it may show, two while they are rotated.
  uint32_t tokens = 0;
  uint64_t calls = 0;
  money spent;
  /// In the present day and month.
  money day_spent;
  money month_spent;
  /// Kept back for requests under way and calls in doubt.
  money held;
  money in_doubt;
  std::optional<money> day_cap;
  std::optional<money> month_cap;
  uint32_t in_flight = 0;
  /// Requests that were refused in this run, for a rate or a cap.
  uint64_t refused = 0;
  timestamp last_used;
};

} // namespace rota
