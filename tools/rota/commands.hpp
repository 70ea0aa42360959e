#pragma once

#include "tools/rota/client.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace rota::cli {

/// What every command knows.
struct context {
  std::string socket = "./state/rotad.sock";
  bool as_json = false;
  bool no_colour = false;

  client connect() const {
    return client{socket};
  }

  /// Whether standard output may be coloured: a terminal, and nobody said no.
  bool colours() const;
};

/// What a command does; its result is the exit code: 0 done, 1 failed.
using action = std::function<int(const context&)>;

// Each adds its commands to the parser; the one that was chosen sets `run`.

void add_submit(CLI::App& app, action& run);
void add_estimate(CLI::App& app, action& run);
void add_batches(CLI::App& app, action& run);
void add_batch(CLI::App& app, action& run);
void add_results(CLI::App& app, action& run);
void add_accounts(CLI::App& app, action& run);
void add_account(CLI::App& app, action& run);
void add_clients(CLI::App& app, action& run);
void add_token(CLI::App& app, action& run);
void add_requests(CLI::App& app, action& run);
void add_explain(CLI::App& app, action& run);
void add_status(CLI::App& app, action& run);
void add_reload(CLI::App& app, action& run);
void add_fsck(CLI::App& app, action& run);
void add_backup(CLI::App& app, action& run);
void add_restore(CLI::App& app, action& run);
void add_snapshot(CLI::App& app, action& run);
void add_version(CLI::App& app, action& run);

/// Adds the positional `id` of a batch, "batch_3" or "3"; it becomes
/// "batch_3".
void add_batch_id(CLI::App& command, std::string& id);

/// Parses, runs, and turns what goes wrong into one sentence and an exit code:
/// 0 done, 1 failed, 2 usage, 3 daemon unreachable.
int main_of(int argc, const char* const* argv);

/// Prints a reply as it is.
void print_json(const json& x);

/// Prints faults of a file to standard error as FILE:LINE: code: text, or
/// FILE: request NUMBER: code: text; the first of them.
void print_faults(const json& reply, const std::string& file);

/// Refuses an empty word, such as scripts make of an unset variable: it would
/// choose all where one was meant.
CLI::Validator not_empty();

/// Adds --tag, once for each tag.
void add_tags(CLI::App& command, std::vector<std::string>& tags);

/// @returns "a,b", as the daemon wants tags.
std::string joined(const std::vector<std::string>& tags);

/// @returns The present, in seconds since the epoch.
int64_t now_s();

} // namespace rota::cli
