#pragma once

#include "messages/money.hpp"
#include "messages/strategy.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace rota {

struct routing_options {
  strategy by = strategy::most_balance;
  /// least_used: calls and spend count within this window.
  milliseconds window{3'600'000};
  /// Tries per job, failovers included; at most 200.
  uint32_t attempts = 5;
  /// Attempts of one job that were or may have been charged without a result.
  uint32_t billed_attempts = 2;
  /// Back-off between tries of one job when no other account is left.
  milliseconds backoff_base{500};
  milliseconds backoff_max{60'000};
  /// Jobs that wait for an account at most; more are refused.
  uint32_t queue_max = 100'000;
  /// Requests that failed are sent again up to this part of all requests, and
  /// so many a second beside.
  uint32_t retry_percent = 20;
  uint32_t retries_per_second = 50;
  /// A conversation stays with its account until it rested so long; 0: never.
  milliseconds affinity_ttl{3'600'000};
  /// It waits for so long for that account to be free.
  milliseconds affinity_wait{2'000};
  uint32_t affinity_sessions = 65'536;
  /// What a picture, speech, recording, rerank or moderation costs by estimate
  /// where the price table does not know its model.
  money unpriced_call{50'000'000};
  /// Models that cost what another one does.
  std::map<std::string, std::string> price_aliases;
};

} // namespace rota
