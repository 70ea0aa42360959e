#pragma once

#include "tools/sim/call.hpp"
#include "tools/sim/options.hpp"

#include <string>
#include <string_view>

namespace rota::sim {

/// Why a provider does not answer.
enum class trouble {
  invalid_key,
  no_money,
  below_reserve, ///< Less money than the call may cost at most.
  model_forbidden,
  model_unknown,
  bad_request,
  no_such_path,
  rate_limited,
  overloaded,
  server_error,
};

/// What an error's text mentions.
struct trouble_facts {
  surface is = surface::unknown;
  std::string_view method;
  std::string_view path;
  std::string_view model;
  std::string_view message;
  std::string_view request_id;
  nanos balance = 0;
  nanos needed = 0;
};

struct error_reply {
  int status = 500;
  std::string body;
};

/// Spells an error as the site does. Sites of style `openai` spell errors of
/// Anthropic and Gemini paths as those vendors do, since a key of them works
/// there; new-api sites have a form of their own for Anthropic paths.
/// @param status 0: the usual one of that trouble.
error_reply spell_error(error_style style, trouble what, int status,
                        const trouble_facts& facts);

/// @returns The trouble that a status most likely stands for.
trouble trouble_of(int status);

/// The headers by which a site names a request.
std::string id_headers(error_style style, const std::string& id);

} // namespace rota::sim
