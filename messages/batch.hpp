#pragma once

#include "messages/failure.hpp"
#include "messages/ids.hpp"
#include "messages/job.hpp"
#include "messages/money.hpp"
#include "messages/time.hpp"
#include "messages/usage.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace rota {

/// The family of line formats a file is written in; its results are written
/// in the same.
enum class batch_format : uint8_t { openai = 0, anthropic, gemini, bare };

/// Numbers are stored: never reuse one.
enum class batch_state : uint8_t {
  running = 0,
  paused = 1,
  cancelling = 2, ///< No new lines; those in flight end first.
  completed = 3,
  cancelled = 4,
};

/// Whether nothing of a batch will move any more.
constexpr bool is_over(batch_state x) {
  return x == batch_state::completed || x == batch_state::cancelled;
}

enum class item_state : uint8_t { succeeded = 0, failed = 1, cancelled = 2 };

/// What the submitter chose.
struct batch_options {
  std::string name;
  /// Lines in flight at most; 0: the configured default.
  uint32_t max_in_flight = 0;
  /// For formats whose lines name no model.
  std::string model;
  /// Only accounts that carry all of these tags.
  std::vector<std::string> tags;
  bool skip_invalid = false;
  delivery policy = delivery::at_least_once;
};

struct batch_counts {
  uint64_t succeeded = 0;
  uint64_t failed = 0;
  uint64_t cancelled = 0;
  money spent;

  uint64_t ended() const {
    return succeeded + failed + cancelled;
  }
};

/// A batch as it is stored. Items before `cursor` have all ended and are
/// counted in `ended`; those behind it are found by their results.
struct batch_row {
  batch_id id;
  batch_state state = batch_state::running;
  batch_format format = batch_format::openai;
  batch_options options;
  std::string file_name;
  uint64_t total = 0;
  uint64_t cursor = 0;
  batch_counts ended;
  timestamp created_at;
  timestamp ended_at;
  /// Items that an earlier run may have sent, sorted. Where no line may be sent
  /// twice, they must not be sent again; else each stands here as often as the
  /// daemon ended while its call was under way.
  std::vector<uint64_t> doubtful;
};

/// The error of a line that may be sent once only, where nobody knows whether
/// its attempt was served.
inline constexpr auto in_doubt_code = "in_doubt";

/// @param why Half a sentence.
std::string in_doubt_text(const std::string& why);

/// The same for a line that was perhaps charged so often that it is sent no
/// more.
std::string often_in_doubt_text(uint32_t times);

/// A line's end. Stored once, together with the money it moved.
struct item_result {
  job_id id;
  std::string custom_id;
  /// The line in the submitted file, from 1.
  uint64_t line = 0;
  item_state state = item_state::succeeded;
  /// HTTP status of the last attempt; 0: no answer came.
  int status = 0;
  std::string request_id;
  /// The provider's answer, byte for byte; empty where none came.
  std::string body;
  /// Where `state` is not succeeded and `body` is empty: a code and a
  /// sentence.
  std::string error_code;
  std::string error_text;
  std::string account;
  /// Not stored, as the type of the body is not.
  account_id account_number;
  std::string content_type;
  std::string model;
  uint32_t attempts = 0;
  money cost;
  usage used;
  timestamp at;
  /// Failures of the pool: when an account that could serve this is back at
  /// the earliest; the past if one may be at any moment, "never" if none will
  /// be by itself. Not stored.
  timestamp retry_at;
};

using item_result_ptr = std::shared_ptr<const item_result>;

/// A batch as people see it.
struct batch_view {
  batch_row row;
  batch_counts counts;
  /// Lines that hold money at an account, or whose result is on its way to the
  /// disk. Those that wait for an account are none.
  uint64_t in_flight = 0;
  /// Lines that ended in this run of the daemon, and over how long.
  uint64_t ended_here = 0;
  milliseconds running_for{0};
  /// Why nothing moves, where nothing moves.
  std::string waiting_for;
};

/// An item that has ended for good.
struct ended_item {
  uint64_t item = 0;
  item_state state = item_state::succeeded;
  money spent;
};

/// Where a batch goes on after a restart.
struct batch_resume {
  batch_row row;
  /// Items behind the cursor that have ended.
  std::vector<ended_item> ended;
  /// How many calls of earlier runs were perhaps charged, of items with any.
  std::unordered_map<uint64_t, uint32_t> doubts;
};

/// Part of a file: consecutive lines with their numbers. The views point into
/// `text`.
struct line_block {
  struct line {
    uint64_t index = 0;  ///< The item, from 0.
    uint64_t number = 0; ///< The line in the file, from 1.
    std::string_view text;
  };

  batch_id batch;
  std::string text;
  std::vector<line> lines;
  /// The file could not be read: one sentence.
  std::string error;
};

using line_block_ptr = std::shared_ptr<const line_block>;

std::string to_string(batch_format x);
std::string to_string(batch_state x);
std::string to_string(item_state x);

} // namespace rota
