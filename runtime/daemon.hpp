#pragma once

#include "config/options.hpp"

#include <string>

namespace rota {

/// Runs the daemon until SIGTERM or SIGINT: wires its parts in order, serves,
/// and stops them in reverse.
/// @param config_path Read again on SIGHUP.
/// @returns The exit code: 0 after an ordered stop, 1 if it could not start or
/// a part failed. Every failure is one sentence on standard error.
int run_daemon(const options& opts, const std::string& config_path);

/// Blocks the signals that `run_daemon` waits for. To be called before the
/// first thread is started, since threads inherit the mask.
void block_signals();

} // namespace rota
