#pragma once

#include "messages/job.hpp"
#include "messages/upstream.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// What a client of the API asks for.
enum class api_call : uint8_t {
  unknown = 0,  ///< There is nothing under this path.
  wrong_method, ///< There is, but not for this method.
  upgrade,      ///< It wants a WebSocket where there is only HTTP.
  generate,     ///< A request to be served by an account.
  stored,       ///< About a response that an account keeps.
  list_models,
  show_model,   ///< What is known of one.
};

/// Where a request leads. The surface is also that of refusals, so that each
/// client is told in its own protocol.
struct api_route {
  api_call what = api_call::unknown;
  surface route = surface::openai_chat;
  /// Gemini's and that of show_model stand in the path, percent-decoded; else
  /// empty.
  std::string model;
  /// The path says that the answer streams.
  bool stream = false;
  /// stored: which response, percent-decoded.
  std::string response;
  /// stored: it is to be forgotten.
  bool deletes = false;
  /// wrong_method: those that the path takes, as the header Allow lists them.
  std::string_view allowed;
};

/// @param target Path and query.
/// @param header Finds a request's header by its lower-case name.
api_route route_of(std::string_view method, std::string_view target,
                   const header_list& headers);

/// The headers of a client's request that may travel: all but those that
/// concern its connection to rota, its credentials, and what the account has
/// of its own.
header_list forwarded_headers(const header_list& headers);

/// The target without the client's credential ("?key=").
std::string forwarded_target(std::string_view target);

/// What the client has shown as its credentials, at most one of each kind:
/// Authorization: Bearer, x-api-key, api-key, x-goog-api-key, ?key=. SDKs send
/// an unset one beside the right one.
std::vector<std::string> credentials_of(std::string_view target,
                                        const header_list& headers);

/// The headers of a provider's answer that may travel: none that describes
/// the account or the connection.
header_list returned_headers(const header_list& headers);

/// Whether a client's own name for its request (x-request-id) may be taken
/// over: it stands in headers and log lines.
bool is_request_id(std::string_view text);

} // namespace rota
