#pragma once

#include "tools/rota/print.hpp"

namespace rota::cli {

/// Why an account is as it is, and when it comes back, on one line.
std::string note(const json& account, int64_t now_s);

/// The same on several lines: of the account, and of each model that it does
/// not serve for a while.
std::vector<std::pair<std::string, cell>> condition_lines(const json& account,
                                                          int64_t now_s);

} // namespace rota::cli
