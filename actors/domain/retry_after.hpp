#pragma once

#include "messages/time.hpp"
#include "messages/upstream.hpp"

#include <optional>
#include <string_view>

namespace rota {

/// When an answer says that one may come back, from now on, as it stands: not
/// clamped, perhaps negative. The first of: retry-after-ms; retry-after
/// (seconds or HTTP date); `said_in_body`; reset_of_limits; "try again in" and
/// the like in the message; reset_of_windows.
/// Sources: RFC 9110, 10.2.3; google.rpc.RetryInfo.
/// @param said_in_body Google's RetryInfo, or when Codex' windows are reset.
std::optional<milliseconds>
retry_after(const upstream_outcome& x, std::string_view message,
            std::optional<milliseconds> said_in_body, timestamp now);

/// How long nothing is served any more, from now on, as an answer that served
/// says: its limit is used up by now. The latest reset among the dimensions
/// with nothing remaining, which counts from the answer's first byte where it
/// is a duration.
std::optional<milliseconds> used_up_for(const upstream_outcome& x,
                                        timestamp now);

/// Reads "20ms", "1.4s", "6m0s", "1h2m3s" (Go's durations) and plain seconds.
/// @param whole Whether the text must end there.
std::optional<milliseconds> parse_wait(std::string_view text,
                                       bool whole = true);

/// Reads "Wed, 25 Nov 2026 07:28:00 GMT" (RFC 9110, 5.6.7) and
/// "2026-11-23T12:00:44Z", with fraction or offset (RFC 3339).
std::optional<timestamp> parse_date(std::string_view text);

/// The next midnight in Los Angeles after `t`: UTC-8, and UTC-7 from the
/// second Sunday of March to the first Sunday of November, 2:00 local time
/// each (15 U.S.C. 260a).
timestamp next_pacific_midnight(timestamp t);

/// The first of the next month, 00:00 UTC.
timestamp next_month(timestamp t);

} // namespace rota
