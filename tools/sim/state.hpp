#pragma once

#include "tools/sim/books.hpp"
#include "tools/sim/call.hpp"
#include "tools/sim/errors.hpp"
#include "tools/sim/options.hpp"
#include "tools/sim/script.hpp"
#include "tools/sim/wire.hpp"

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rota::sim {

struct account {
  account_options opts;
  account_books books;
};

/// A request as it came.
struct kept_request {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// A response that an account keeps.
struct kept_response {
  const account* by = nullptr;
  std::string body;
};

/// All that the simulator knows.
struct state {
  explicit state(options x);

  /// Begins anew: balances, books, logs, and the script of the file.
  void reset(microseconds now);

  /// Sets a script in force.
  void install(std::vector<rule> rules, microseconds now);

  /// Carries out what the script has planned for accounts' money until now.
  void move_money(microseconds now);

  /// Keeps a request, if any is to be kept.
  void note(const http_request& x);

  /// Keeps a response; of very many the oldest are forgotten.
  void keep(const std::string& id, const account& by, std::string body);

  /// @returns Null where this account has none of that id.
  const kept_response* kept_by(const account& who, std::string_view id) const;

  /// @returns Null where nobody has it.
  account* by_key(std::string_view key);
  account* by_name(std::string_view name);
  account* by_access_token(std::string_view token);

  options opts;
  std::deque<account> accounts;
  std::unordered_map<std::string_view, account*> keys;
  std::unordered_map<std::string_view, account*> tokens;
  script rules;
  /// When the script was set in force, and the simulator's last reset.
  microseconds script_since{0};
  call_log calls;
  execution_counter executions;
  call_parser parser;
  std::deque<kept_request> requests;
  std::unordered_map<std::string, kept_response> responses;
  std::deque<std::string> response_order;
};

/// @returns An answer with a JSON body.
http_reply json_reply(int status, std::string body);

/// @returns The credential of a request: a bearer token, or one of the other
/// spellings.
std::string_view key_of(const http_request& x);

/// @returns The access token of a console call: raw, as bearer, or as the
/// cookie `session`.
std::string_view console_token_of(const http_request& x);

/// Answers GET and POST /sim/...
http_reply handle_admin(state& st, const http_request& x, microseconds now);

/// Answers GET and DELETE of a response that is kept, and its cancelling.
http_reply handle_stored(state& st, const account& who, const route& where,
                         std::string_view method);

/// Answers the balance calls of new-api sites.
http_reply handle_console(state& st, surface is, const http_request& x,
                          microseconds now, int64_t wall_seconds);

} // namespace rota::sim
