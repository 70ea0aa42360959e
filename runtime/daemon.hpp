#pragma once

#include "runtime/configuration.hpp"

#include <string>

namespace rota {

/// Runs the daemon until SIGTERM or SIGINT: wires its parts in order, serves,
/// and stops them in reverse.
/// @param start Without faults.
/// @param config_path Where it is from; read again on SIGHUP.
/// @returns The exit code: 0 after an ordered stop, 1 if it could not start or
/// a part failed. A refused start ends with its reason, one sentence on
/// standard error.
int run_daemon(const configuration& start, const std::string& config_path);

/// Blocks the signals that `run_daemon` waits for. To be called before the
/// first thread is started, since threads inherit the mask.
void block_signals();

} // namespace rota
