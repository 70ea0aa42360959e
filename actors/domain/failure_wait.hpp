#pragma once

#include "actors/domain/answer.hpp"
#include "config/failure_rule.hpp"
#include "messages/upstream.hpp"

#include <optional>

namespace rota {

/// A provider's word about when to come back is kept within these.
inline constexpr milliseconds wait_min{1'000};
inline constexpr milliseconds wait_max{24 * 3'600'000};

/// How long a rule that matched, or the answer, says to wait.
std::optional<milliseconds> wait_of(const failure_rule& rule,
                                    const upstream_outcome& x,
                                    const answer& said, timestamp now);

} // namespace rota
