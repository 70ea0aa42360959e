#pragma once

namespace rota::sim {

/// The program rota-sim: reads its arguments and serves until SIGINT or
/// SIGTERM.
/// @returns The exit code: 0 stopped, 1 cannot listen, 2 wrong arguments or a
/// wrong configuration.
int run(int argc, char** argv);

} // namespace rota::sim
