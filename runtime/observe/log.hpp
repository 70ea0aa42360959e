#pragma once

#include "config/options.hpp"

namespace rota {

/// Sets up spdlog's default logger. Lines are sentences, with the time in UTC;
/// never a secret, never a prompt.
/// @throws std::runtime_error with one sentence if the file cannot be written.
void set_up_log(const log_options& x);

} // namespace rota
