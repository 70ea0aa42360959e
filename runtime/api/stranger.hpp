#pragma once

#include "actors/domain/client_error.hpp"
#include "runtime/api/client_list.hpp"
#include "runtime/http/listener.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rota {

/// Why an open API refuses a request, if it does: for it came from a web page
/// of another site (its Origin, or Sec-Fetch-Site), or from a browser under a
/// name that is not this machine's (its Host): names can be bound to it later.
std::optional<refusal_words> fault_of_page(const header_list& headers);

/// Lets the web page that asked, if it was one, read the answer (CORS): whoever
/// has clients asks for tokens, and no browser sends those by itself.
void allow_page(const header_list& asked, header_list& to);

/// What a browser is answered with that asks whether a page may ask.
std::optional<http_answer> answer_preflight(std::string_view method,
                                            const header_list& headers);

/// What a request is answered with that shows no client's token, or to an
/// open API one from a web page, in the shape of its protocol; else nothing.
/// Takes its head alone.
/// @param next_name Names the request if its client has not.
std::optional<http_answer>
refuse_stranger(const client_list& clients, std::string_view method,
                std::string_view target, const header_list& headers,
                const std::function<std::string()>& next_name);

} // namespace rota
