#pragma once

#include "tools/sim/money.hpp"
#include "tools/sim/rule.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What a simulator's file may say. tools/sim/example.yaml shows every key with
// its default and what it means.

namespace rota::sim {

enum class distribution { none, fixed, uniform, lognormal };

/// A random duration.
struct delay_options {
  distribution is = distribution::none;
  /// fixed: the value; uniform: the least; lognormal: the median.
  microseconds low{0};
  /// uniform: the most; lognormal: a cap, 0 for none.
  microseconds high{0};
  /// lognormal: the deviation of the logarithm.
  double sigma = 0.5;
};

struct latency_options {
  /// Before the head of an answer.
  delay_options first_byte;
  /// Between the events of a stream.
  delay_options per_chunk;
};

/// A whole number between both, drawn by request.
struct range {
  int64_t min = 0;
  int64_t max = 0;
};

struct reply_options {
  /// The answer repeats the last text of the request.
  bool echo = false;
  range output_tokens{64, 64};
  /// -1: four bytes for each visible token.
  int64_t text_bytes = -1;
  /// Shares in millionths: of the input, of the input, of what is written to
  /// the cache, of the output.
  range cached_share;
  range cache_write_share;
  range cache_write_1h_share;
  range reasoning_share;
  /// Content events of a stream.
  int64_t chunks = 4;
  int64_t embedding_dimensions = 8;
};

/// How errors are spelt.
enum class error_style { openai, new_api, anthropic, gemini };

using price_map = std::map<std::string, prices, std::less<>>;

struct account_options {
  std::string name;
  std::string key;
  nanos balance = 0;
  int64_t multiplier_ppm = 1'000'000;
  /// Empty: any.
  std::vector<std::string> models;
  /// Looked at before the common price map.
  price_map prices;
  int64_t user_id = 0;
  std::string access_token;
  std::string group = "default";
  /// How long until a charge shows in the balance that probes report.
  microseconds posting_lag{0};
  bool may_overdraw = false;
  nanos quantum = nanos_per_quota;
  error_style style = error_style::new_api;
  std::optional<latency_options> latency;
};

/// What the billing calls of a new-api site show.
enum class money_display { usd, cny, tokens };

/// How the site counts money, and tells it under /api/status.
struct site_options {
  int64_t quota_per_unit = 500'000; ///< Quota that are a dollar.
  money_display display = money_display::usd;
  int64_t usd_exchange_rate_ppm = 7'300'000; ///< CNY for a dollar.
};

struct options {
  std::string listen = "127.0.0.1:9900";
  uint64_t seed = 1;
  error_style style = error_style::new_api;
  latency_options latency;
  reply_options replies;
  site_options site;
  price_map prices;
  std::vector<account_options> accounts;
  std::vector<rule> script;
  size_t calls_kept = 100'000;
  size_t executions_kept = 2'000'000;
  /// How many requests /sim/requests shows, byte for byte; 0: none.
  size_t requests_kept = 0;
  size_t body_bytes_max = 64 * 1'024 * 1'024;
  /// Where `body_file` of a script looks.
  std::string directory;
};

} // namespace rota::sim
