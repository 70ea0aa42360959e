#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the simulator and its sockets say to each other.

namespace rota::sim {

using std::chrono::microseconds;

/// A request that arrived whole. The views live as long as it is answered.
struct http_request {
  std::string_view method;
  std::string_view target;
  std::string_view body;
  // Headers, empty where absent.
  std::string_view authorization;
  std::string_view api_key;    ///< x-api-key
  std::string_view google_key; ///< x-goog-api-key
  std::string_view cookie;
  std::string_view user_id; ///< New-Api-User and its variants
  std::string_view anthropic_version;
  std::string_view marker; ///< x-rota-job
  std::string_view content_type;
  /// All of them as they came, where requests are kept.
  std::vector<std::pair<std::string_view, std::string_view>> fields;

  std::string_view path() const {
    return target.substr(0, target.find('?'));
  }
};

/// How an answer ends early.
enum class mishap { none, reset, stall, truncate };

/// An answer and how it leaves.
struct http_reply {
  int status = 200;
  std::string_view content_type = "application/json";
  /// Lines with their line ends.
  std::string headers;
  std::string body;
  /// Where the pieces of a stream end in `body`; empty: no stream.
  std::vector<size_t> piece_ends;
  /// Before each piece; empty: none.
  std::vector<microseconds> piece_delays;
  microseconds delay{0};
  mishap ending = mishap::none;
  /// The mishap comes after so many bytes of the body; -1: before the head.
  int64_t at_byte = -1;
  /// How long a stall lasts; 0: for ever.
  microseconds stall{0};
};

/// @returns The value of a query parameter, or nothing.
std::string_view query_value(std::string_view target, std::string_view name);

/// Appends a text as a JSON string, quotes included.
void append_json(std::string& out, std::string_view text);

/// @returns A text as a JSON string, quotes included.
std::string json_text(std::string_view text);

} // namespace rota::sim
