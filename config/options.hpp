#pragma once

#include "config/account_options.hpp"
#include "config/client_options.hpp"
#include "config/routing_options.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <string>
#include <vector>

// Every option of the configuration file, with its default. Names, bounds,
// units and the reason of each stand in config/schema.cpp; nothing here knows
// YAML. Relative paths (state_dir, the socket, file: secrets and the others)
// start from the directory that the daemon was started in.

namespace rota {

/// What becomes of an account whose reading is stale.
enum class stale_policy : uint8_t { haircut = 0, stop };

struct health_options {
  /// Failures in a row that eject an account.
  uint32_t eject_after = 5;
  /// First ejection; doubles with each up to the maximum.
  milliseconds eject_base{5'000};
  milliseconds eject_max{300'000};
  /// Cooldown where the provider named none; doubles up to the maximum.
  milliseconds cooldown_base{5'000};
  milliseconds cooldown_max{300'000};
  /// How long what was back takes to its full load.
  milliseconds ramp{10'000};
  /// Where nobody serves, who failed is tried again after this; 0: never.
  milliseconds last_resort{500};
};

struct refresh_options {
  milliseconds interval{300'000};
  /// Each probe is moved by up to this part of the interval.
  uint32_t jitter_percent = 10;
  /// Probes under way to one host at most.
  uint32_t per_host = 2;
  milliseconds timeout{20'000};
  /// A reading is stale once this many intervals have passed without another.
  uint32_t stale_intervals = 3;
  stale_policy stale = stale_policy::haircut;
  /// What `haircut` keeps back of a balance that is stale.
  uint32_t stale_haircut_percent = 5;
};

struct alert_options {
  /// How often the rules are walked.
  milliseconds interval{5'000};
  /// How long a condition must hold before it fires.
  milliseconds hold{0};
  /// Charges above their holds, and after their holds had ended, that one
  /// account may have within an hour.
  uint32_t overruns_per_hour = 10;
  uint32_t lates_per_hour = 10;
  /// Money that may be missing from one account's readings within an hour.
  money unexplained_per_hour;
  /// Money that may be in doubt on one account.
  money in_doubt{1'000'000'000};
  /// Where edges are posted besides the log; absent: the log only.
  secret_ref webhook;
  /// Signs the body: X-Signature: sha256=<hex HMAC-SHA256>.
  secret_ref webhook_secret;
  milliseconds webhook_timeout{10'000};
};

struct batch_limits {
  uint32_t max_in_flight = 64;
  /// Lines kept in memory beyond the first one that has not ended.
  uint32_t window = 1'024;
  uint64_t max_line_bytes = 1'048'576;
  uint64_t max_file_bytes = 1'073'741'824;
  /// Assumed where a line names no maximum of its own.
  uint32_t default_output_tokens = 4'096;
};

struct upstream_options {
  milliseconds connect_timeout{10'000};
  milliseconds first_byte_timeout{300'000};
  milliseconds idle_timeout{120'000};
  milliseconds total_timeout{600'000};
  uint64_t max_response_bytes = 67'108'864;
  /// Idle connections older than this are not used again.
  milliseconds max_idle_connection{30'000};
  /// Transfers per curl multi handle; more open another handle.
  uint32_t transfers_per_handle = 100;
  /// Whether we speak HTTP without TLS ourselves; libcurl speaks it otherwise.
  bool own_http1 = true;
  /// Extra CA file, for relays with private certificates.
  std::string ca_file;
};

/// What an acknowledgement says: it is on disk, or with the operating system
/// and on disk within 100 ms.
enum class store_durability : uint8_t { power = 0, process };

struct store_options {
  store_durability durability = store_durability::power;
  /// An in-doubt hold is assumed charged after this time.
  milliseconds doubt_grace{3'600'000};
  /// A hold outlives the total timeout of its request by this.
  milliseconds hold_margin{120'000};
  uint64_t write_buffer_bytes = 8'388'608;
  /// Records that one commit may gather.
  uint32_t group_max = 4'096;
  /// With less room than this on the disk no new holds are made.
  uint64_t low_space_bytes = 268'435'456;
  /// A file that is given up when the disk is full.
  uint64_t ballast_bytes = 16'777'216;
};

/// The records of the API's requests. None are kept where either is 0.
struct record_options {
  milliseconds keep{604'800'000};
  uint32_t max = 1'000'000;

  bool on() const {
    return keep.count() > 0 && max > 0;
  }
};

struct admin_options {
  std::string socket = "./state/rotad.sock";
};

/// What one client of the API may cost before it is served.
struct http_options {
  uint64_t max_body_bytes = 67'108'864;
  uint64_t max_header_bytes = 32'768;
  uint32_t max_headers = 100;
  uint64_t max_target_bytes = 8'192;
  /// For a request's head, from its first byte on.
  milliseconds header_timeout{10'000};
  /// Between two requests of a connection.
  milliseconds idle_timeout{75'000};
  /// A body may come as slowly as it likes for so long; then its average
  /// counts.
  milliseconds body_grace{10'000};
  uint64_t body_bytes_per_second = 1'024;
  /// For a client that takes no byte of its answer.
  milliseconds write_timeout{30'000};
  /// What waits for a slow client; beyond it the provider is not read.
  uint64_t write_buffer_bytes = 262'144;
  uint32_t max_connections = 10'000;
  uint32_t max_connections_per_address = 1'024;
  /// Requests under way or waiting at once.
  uint32_t max_in_flight = 4'096;
  /// For a request until its answer begins to reach the client, waiting and
  /// all attempts included.
  milliseconds request_timeout{600'000};
  /// What a client that left had still to come is read for its usage, up to so
  /// many bytes.
  uint64_t drain_bytes = 0;
  /// Streams of chats are asked for their usage where the client did not ask.
  bool ask_for_usage = true;
  bool show_account = false; ///< Answers name the account, whoever asked.
  /// Which account keeps which response is remembered for so long, of so many.
  milliseconds response_ttl{30 * 24 * 3'600'000LL};
  uint32_t responses_max = 100'000;
};

struct log_options {
  /// trace debug info warn error
  std::string level = "info";
  /// Empty: standard error.
  std::string file;
};

/// The whole configuration.
struct options {
  std::string state_dir = "./state";
  /// The API's listener.
  std::string listen = "127.0.0.1:8787";
  http_options api;
  admin_options admin;
  std::vector<account_options> accounts;
  std::vector<client_options> clients; ///< None: the API is open.
  routing_options routing;
  health_options health;
  refresh_options refresh;
  alert_options alerts;
  batch_limits batch;
  upstream_options upstream;
  store_options store;
  record_options records;
  log_options log;
  /// Price table in LiteLLM's format; empty: the one that is built in.
  std::string prices;
  /// Failure rules that are asked before the built-in ones; empty: none.
  std::string failure_rules;
};

std::string to_string(stale_policy x);
std::string to_string(store_durability x);

} // namespace rota
