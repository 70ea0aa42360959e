#pragma once

#include "messages/time.hpp"
#include "messages/upstream.hpp"

#include <optional>

namespace rota {

/// When the limits that an answer's headers tell of are reset, from now on,
/// perhaps negative: the latest among those of which nothing remains.
/// Sources: the rate limit pages of OpenAI and Anthropic.
std::optional<milliseconds> reset_of_limits(const upstream_outcome& x,
                                            timestamp now);

/// The same of a subscription's windows, which only Anthropic's own clients
/// see: anthropic-ratelimit-unified-reset, or else the latest among the windows
/// of five hours and seven days that the answer names or rejects.
std::optional<milliseconds> reset_of_windows(const upstream_outcome& x,
                                             timestamp now);

} // namespace rota
