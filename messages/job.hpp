#pragma once

#include "messages/ids.hpp"
#include "messages/sink.hpp"
#include "messages/surface.hpp"
#include "messages/time.hpp"
#include "messages/usage.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// Who stands behind an account's base URL.
enum class provider : uint8_t {
  openai = 0,
  anthropic,
  gemini,
  new_api,
  one_api,
  sub2api,
  anyrouter,
  deepseek,
  openrouter,
  moonshot,
  siliconflow,
};

/// @returns "new_api", as the configuration spells it.
std::string to_string(provider x);
std::optional<provider> parse_provider(std::string_view text);

/// How often a job may reach a provider. Numbers are stored: never reuse one.
enum class delivery : uint8_t {
  /// Sent again when nobody knows whether it was charged.
  at_least_once = 0,
  /// Fails instead.
  at_most_once = 1,
};

/// @returns "at_most_once".
std::string to_string(delivery x);
std::optional<delivery> parse_delivery(std::string_view text);

/// One request to be served by one account out of the pool. Immutable once
/// made; travels as a `job_ptr`.
struct job {
  job_id id;
  surface route = surface::openai_chat;
  std::string model;
  /// The caller's request, byte for byte. Keeps `block` alive, into which it
  /// may point.
  std::string_view body;
  std::shared_ptr<const void> block;
  /// The body without our question for usage in it, where there is one; kept by
  /// `block`, too.
  std::string_view unasked_body;
  /// Interactive requests: the target and the headers to send, as the client
  /// had them. Empty: made from route and model.
  std::string target;
  std::string method = "POST";
  header_list headers;
  /// Interactive requests that stream: takes the answer while it comes.
  std::shared_ptr<answer_sink> sink;
  /// Interactive requests: when they had arrived; "never" for others. And the
  /// client's own name for it; empty if it gave none.
  timestamp arrived;
  std::string client_request_id;
  /// The caller's name for this job: a batch line's custom_id, else empty.
  std::string custom_id;
  /// The line in the submitted file, from 1; 0 outside of a batch.
  uint64_t line = 0;
  token_estimate estimate;
  /// What it will take beside tokens, before the fact.
  unit_usage units;
  /// Attempts count from here: the number of this run of the daemon times
  /// `attempts_per_run`, so that no run ever repeats the hold of another.
  uint32_t attempt_base = 0;
  /// A call under way goes on when the job is cancelled, so that its cost is
  /// known; a second cancellation ends it.
  bool drains = false;
  /// Give up then; zero means never.
  timestamp deadline;
  delivery policy = delivery::at_least_once;
  /// Attempts of earlier runs that were perhaps charged.
  uint32_t doubts = 0;
  /// Names the conversation that it belongs to; 0: none.
  uint64_t session = 0;
  /// Only this account, whatever becomes of it there.
  std::optional<account_id> pinned;
  /// Only accounts that carry all of these tags.
  std::vector<std::string> tags;
};

/// Whether a job is a line of a batch: it was accepted, its result is stored,
/// and it may wait. A request's answer is for whoever waits for it.
constexpr bool is_line(const job_id& x) {
  return x.batch != batch_id{};
}

/// @returns The run of the daemon that made a hold; see job::attempt_base.
constexpr uint32_t run_of(const hold_id& x) {
  return x.attempt / attempts_per_run;
}

/// Whether money is held for a job at present, so that it is served or about to
/// be; else it waits.
struct job_stage {
  job_id id;
  bool held = false;
};

using job_ptr = std::shared_ptr<const job>;

} // namespace rota
