#pragma once

#include <cstdint>
#include <string>

namespace rota {

/// Every way an operation can decline. Numbers are stored: never reuse one.
enum class [[nodiscard]] ec : uint8_t {
  ok = 0,
  /// Available money less the estimate would fall below the floor.
  insufficient_funds = 1,
  /// This hold is open already.
  already_held = 2,
  /// This hold has ended; a repeat changes nothing.
  already_ended = 3,
  /// No such hold was ever made here.
  unknown_hold = 4,
  /// The account is at its limit of requests in flight or per minute.
  at_limit = 5,
  /// The account, or this model on it, cools down after a failure.
  cooling = 6,
  /// The operator drains the account or has it in maintenance.
  not_ready = 7,
  /// The account is ejected: its key, permission or health is bad.
  ejected = 8,
  /// No account serves this model and surface.
  no_such_model = 9,
  /// Every account that could serve was tried or cannot serve now.
  no_account = 10,
  /// The job's deadline passed while it waited.
  deadline_passed = 11,
  /// The queue of waiting jobs is full.
  queue_full = 12,
  /// The job was cancelled.
  cancelled = 13,
  /// The daemon is stopping.
  stopping = 14,
  /// The account's balance is not known yet.
  balance_unknown = 15,
  /// The state does not allow this (e.g. resuming a finished batch).
  wrong_state = 16,
  /// There is nothing of this name.
  not_found = 17,
  /// The store cannot be written.
  store_failed = 18,
  /// The account's last reading is too old to hold money on.
  reading_stale = 19,
  /// The disk of the store is nearly full.
  disk_low = 20,
  /// Accounts serve this model and surface, but none with these tags.
  no_such_tag = 21,
  /// Too much of what the pool is asked are retries.
  retries_spent = 22,
};

/// @returns The name of the code: "insufficient_funds".
std::string to_string(ec code);

/// @returns Why, as half a sentence for people.
std::string explain(ec code);

} // namespace rota
