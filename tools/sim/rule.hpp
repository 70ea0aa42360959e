#pragma once

#include "tools/sim/money.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rota::sim {

using std::chrono::microseconds;

/// Which calls a rule is about. What is not given holds for every call.
struct rule_match {
  std::string key;
  std::string account;
  std::string model;
  /// A path without its query; a last `*` stands for any rest. Without a path
  /// a rule is about the paid calls only, never about probes.
  std::string path;
  /// Stands somewhere in the request's body.
  std::string text;
  /// Since the script was set in force.
  microseconds after{0};
  std::optional<microseconds> until;
  /// The following count calls that pass all of the above.
  uint64_t first = 0;              ///< 0: no such limit.
  uint64_t every = 0;              ///< Each Nth; 0 and 1: all.
  int64_t probability = 1'000'000; ///< In millionths.
  uint64_t times = 0;              ///< Applies that often at most; 0: no limit.
};

enum class deed {
  answer,   ///< As usual, perhaps later or with more headers.
  status,   ///< A status and a body.
  reset,    ///< The connection is reset.
  stall,    ///< Nothing moves for some time.
  truncate, ///< The body ends early.
  html,     ///< A page with status 200, or the one given.
  empty,    ///< Status 200 without a body.
  balance,  ///< The true balance becomes an amount.
  top_up,   ///< The true balance grows by an amount.
};

/// What happens to a call, or to an account's money.
struct rule_action {
  deed is = deed::answer;
  int status = 0;
  /// Nothing: the usual body of that status.
  std::optional<std::string> body;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;
  /// Whether the true books charge the call. By default they do where the
  /// provider had decided to answer before things went wrong.
  std::optional<bool> charge;
  microseconds delay{0};
  /// Where the reset, stall or truncation takes place: after that many bytes of
  /// the body; -1: before the head.
  int64_t at_byte = -1;
  /// stall: nothing for ever.
  std::optional<microseconds> stall;
  /// balance, top_up: how much.
  nanos amount = 0;
};

struct rule {
  std::string name;
  rule_match match;
  rule_action action;
  /// Where it stands in the file.
  int line = 0;

  /// @returns Whether it is about money at a time instead of calls.
  bool moves_money() const {
    return action.is == deed::balance || action.is == deed::top_up;
  }
};

/// @returns Whether a rule keeps the caller from its answer.
bool fails(const rule& x);

/// @returns Whether the answer is the rule's instead of the model's.
bool replaces_answer(const rule& x);

/// A provider charges once it has decided to answer, even if the answer never
/// arrives.
bool charged_under(const rule& x);

} // namespace rota::sim
