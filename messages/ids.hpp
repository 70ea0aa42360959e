#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// An account's number, given once by the store and never reused.
struct account_id {
  uint32_t value = 0;

  friend constexpr auto operator<=>(const account_id&,
                                    const account_id&) = default;
};

/// A batch's number, rising from 1. Zero: the job belongs to no batch.
struct batch_id {
  uint64_t value = 0;

  friend constexpr auto operator<=>(const batch_id&, const batch_id&) = default;
};

/// A client of the API, given once by the store and never reused. Zero: nobody
/// in particular.
struct client_id {
  uint32_t value = 0;

  friend constexpr auto operator<=>(const client_id&,
                                    const client_id&) = default;
};

/// One job: a line of a batch (`item` is its index from 0), or an interactive
/// request (`batch` is zero and `item` a number that is never reused).
struct job_id {
  batch_id batch;
  uint64_t item = 0;
  /// Who asked for it: whatever is charged for it is charged to them.
  client_id client = {};

  friend constexpr auto operator<=>(const job_id&, const job_id&) = default;
};

/// So many numbers for a job's attempts has each run; the first is not used.
inline constexpr uint32_t attempts_per_run = 256;

/// One hold: one attempt of a job. `attempt` is `attempts_per_run` times the
/// number of the daemon's run plus the try in that run, so an identifier is
/// never used for two calls.
struct hold_id {
  job_id job;
  uint32_t attempt = 0;

  friend constexpr auto operator<=>(const hold_id&, const hold_id&) = default;
};

/// @returns "batch_17".
std::string to_string(batch_id x);

/// @returns "batch_17:42", or "job_42" outside of a batch.
std::string to_string(const job_id& x);

/// @returns "batch_17:42#3.1": try 1 in run 3 of the daemon.
std::string to_string(const hold_id& x);

/// Reads "batch_17" or "17".
std::optional<batch_id> parse_batch_id(std::string_view text);

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, account_id& x) {
  return f(x.value);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, batch_id& x) {
  return f(x.value);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, client_id& x) {
  return f(x.value);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_id& x) {
  return f(x.batch, x.item, x.client);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, hold_id& x) {
  return f(x.job, x.attempt);
}

} // namespace rota

template <>
struct std::hash<rota::account_id> {
  size_t operator()(rota::account_id x) const noexcept {
    return std::hash<uint32_t>{}(x.value);
  }
};

template <>
struct std::hash<rota::client_id> {
  size_t operator()(rota::client_id x) const noexcept {
    return std::hash<uint32_t>{}(x.value);
  }
};

template <>
struct std::hash<rota::hold_id> {
  size_t operator()(const rota::hold_id& x) const noexcept {
    auto h = x.job.batch.value * 0x9e3779b97f4a7c15u ^ x.job.item;
    h = (h ^ (h >> 29)) * 0xbf58476d1ce4e5b9u + x.attempt;
    return h ^ (h >> 32);
  }
};
