#pragma once

#include "messages/job.hpp"
#include "runtime/http/exchange.hpp"

#include <memory>

namespace rota {

/// The job that a request asks for: path, headers and body as they came, but
/// for what concerns the client alone.
std::shared_ptr<job> make_job(const http_exchange& client, surface route,
                              std::string model, token_estimate tokens);

/// Has the stream of a chat say what it used, where its client did not ask.
/// @returns Whether that was needed: then what comes of it is to be taken out.
bool ask_for_its_usage(job& x);

/// How long a request waits at most: a count not for long, for our estimate is
/// at hand.
milliseconds patience_for(surface route, milliseconds request_timeout);

} // namespace rota
