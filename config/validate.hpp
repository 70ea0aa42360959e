#pragma once

#include "config/options.hpp"

#include <functional>
#include <string>
#include <vector>

namespace rota {

/// Takes a fault: the options it follows from, the one to blame first, and
/// what is wrong and would be right.
using fault_sink = std::function<void(const std::vector<std::string>& keys,
                                      const std::string& text)>;

/// Checks what only several options together can get wrong.
void validate(const options& x, const fault_sink& fault);

/// The same for one account; keys are those of account_rows().
void validate(const account_options& x, const fault_sink& fault);

/// The same for one client.
void validate(const client_options& x, const fault_sink& fault);

/// @returns One sentence for each account whose money nothing tells, as those
/// of check_secrets: good if an earlier run knew it, else it will serve nobody.
[[nodiscard]] std::vector<std::string>
find_unknown_balances(const options& x);

} // namespace rota
