#pragma once

#include "actors/domain/site_units.hpp"
#include "config/options.hpp"
#include "messages/job.hpp"
#include "messages/upstream.hpp"
#include "messages/usage.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// Whether a provider has a route. An account serves only what its provider
/// speaks.
bool speaks(provider who, surface route);

/// Whether a model of that name is likely to be served there: by its vendor, or
/// by a relay in the protocol of its vendor. Sites that spell names their own
/// way are not known to make any.
bool makes(provider who, surface route, std::string_view model);

/// Bit i is set where the provider speaks surface i.
uint32_t surfaces_of(provider who);

/// How a provider wants its key.
struct key_header {
  std::string name;   ///< In lower case: "authorization".
  std::string prefix; ///< "Bearer " or empty.
};

key_header key_header_of(provider who);

/// The HTTP request that serves a job at a provider: path, headers and the
/// body as it is. Account, credential and timeouts are left to the caller.
upstream_request compose(provider who, const job& work);

/// The tokens that an answer says it used, whether it is one JSON document or
/// a whole stream of server-sent events. Nothing where it does not say.
std::optional<usage> read_usage(surface route, std::string_view body);

/// The provider's own name for the call (header x-request-id, request-id,
/// x-oneapi-request-id), or empty.
std::string request_id_of(const upstream_outcome& x);

enum class probe_outcome : uint8_t {
  ok = 0,
  unlimited,   ///< This key has no cap: the balance is not known.
  auth_failed, ///< The credential is refused.
  banned,      ///< The user is, whatever the credential.
  unsupported, ///< The site has no such call.
  transient,   ///< Try again later; the last figure stays.
};

struct probe_reading {
  probe_outcome outcome = probe_outcome::transient;
  money balance;
  /// One sentence where the outcome is not ok.
  std::string error;
};

/// The GET requests that ask for an account's balance, in order; empty for
/// `none`. Dates, where a call wants them, are taken from `now`.
std::vector<upstream_request> compose_probe(const balance_options& x,
                                            timestamp now);

/// Reads their answers. Fewer answers than requests: the last one failed and
/// the rest were not sent.
/// @param site Of its units; see needs_units.
probe_reading read_probe(const balance_options& x,
                         std::span<const upstream_outcome_ptr> answers,
                         const site_units& site = {});

} // namespace rota
