#pragma once

#include "tools/rota/client.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <string>

namespace rota::cli {

/// What every command knows.
struct context {
  std::string socket;
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
void add_results(CLI::App& app, action& run);
void add_accounts(CLI::App& app, action& run);
void add_status(CLI::App& app, action& run);

/// Parses, runs, and turns what goes wrong into one sentence and an exit code:
/// 0 done, 1 failed, 2 usage, 3 daemon unreachable.
int main_of(int argc, const char* const* argv);

/// Prints a reply as it is.
void print_json(const json& x);

/// Prints faults of a batch file as FILE:LINE: code: text, the first of them.
void print_faults(const json& reply, const std::string& file);

/// @returns The present, in seconds since the epoch.
int64_t now_s();

} // namespace rota::cli
