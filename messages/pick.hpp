#pragma once

#include "messages/ec.hpp"
#include "messages/ids.hpp"
#include "messages/money.hpp"
#include "messages/strategy.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rota {

/// What a pick found about one account. Numbers are stored: never reuse one.
enum class pick_finding : uint8_t {
  chosen = 0,
  behind = 1,        ///< It could serve, but others stand before it.
  bound = 2,         ///< It could, but the response that the request goes on
                     ///< from lies with another.
  tried = 3,         ///< The request has failed there.
  declined = 4,      ///< It was asked for a hold and said no.
  other_surface = 5, ///< It does not speak this route.
  other_model = 6,   ///< It is not configured for this model.
  other_tags = 7,    ///< It lacks a tag that is asked for.
  drained = 8,
  in_maintenance = 9,
  ejected = 10,
  cooling = 11,
  model_cooling = 12, ///< This model cools down there.
  exhausted = 13,     ///< Its provider says that there is no money.
  below_floor = 14,   ///< Nothing is left above its floor.
  too_little = 15,    ///< What is left above its floor is less than the hold.
  balance_unknown = 16,
  reading_stale = 17,
  busy = 18,          ///< At its limit of requests or tokens.
  other_session = 19, ///< It could, but the conversation stays with another.
};

/// @returns "below_floor".
std::string to_string(pick_finding x);

/// @returns Why, as half a sentence for people.
std::string explain(pick_finding x);

/// One account that a pick looked at.
struct candidate {
  account_id account;
  pick_finding finding = pick_finding::behind;
  /// What the strategy ranks by, the less the better but for most_balance:
  /// available nanodollars; calls in the window; milliseconds since the epoch;
  /// turns; microseconds to the first byte times load, 0 before the first
  /// call; how far its next turn is, in millionths of a stride at one dollar.
  int64_t score = 0;
  /// What decides between equal scores before the account's number: spend in
  /// the window for least_used.
  int64_t tie = 0;
  money available;
  /// When what keeps it away ends by time alone; "never" if that is unknown.
  timestamp until;

  friend bool operator==(const candidate&, const candidate&) = default;
};

struct finding_count {
  pick_finding finding = pick_finding::behind;
  uint32_t accounts = 0;

  friend bool operator==(const finding_count&, const finding_count&) = default;
};

/// How an account was picked for one attempt, or why none was. Small pools are
/// shown whole; of large ones the chosen, those next to it, and, where nothing
/// was chosen, counts of the rest by what was found.
struct pick_record {
  timestamp at;
  /// Since the request had asked for an account.
  milliseconds waited{0};
  strategy by = strategy::most_balance;
  /// ok: an account was chosen.
  ec why = ec::ok;
  /// The estimate at list price.
  money list_cost;
  /// In the pool.
  uint32_t accounts = 0;
  /// The chosen first, then the others that could serve in their order.
  std::vector<candidate> candidates;
  /// Of those that are not among the candidates.
  std::vector<finding_count> rest;

  friend bool operator==(const pick_record&, const pick_record&) = default;
};

using pick_record_ptr = std::shared_ptr<const pick_record>;

} // namespace rota
