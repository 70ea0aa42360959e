#include "runtime/api/stranger.hpp"

#include "actors/domain/api_route.hpp"
#include "actors/domain/header_text.hpp"
#include "config/url.hpp"
#include "runtime/api/pending_request.hpp"

namespace rota {

namespace {

/// Whether HOST or HOST:PORT is this machine's loopback.
bool is_here(std::string_view authority) {
  if (authority.ends_with(']'))
    authority = authority.substr(1, authority.size() - 2);
  else
    authority = listen_host(authority);
  std::string host{authority};
  to_lower(host);
  return is_loopback(host);
}

/// Whether it is a web page's of another site; programs' own schemes are not.
bool is_page_elsewhere(std::string_view origin) {
  if (origin == "null") // A page that hides where it is from.
    return true;
  const auto scheme = origin.substr(0, origin.find("://"));
  return (scheme == "http" || scheme == "https")
         && !is_here(origin.substr(scheme.size() + 3));
}

} // namespace

std::optional<refusal_words> fault_of_page(const header_list& headers) {
  const auto origin = header_of(headers, "origin");
  const auto pushed = origin.empty()
                        ? header_of(headers, "sec-fetch-site") == "cross-site"
                        : is_page_elsewhere(origin);
  if (pushed)
    return refusal_words{403, "permission_denied",
                         "This API is open to this machine, not to web pages;"
                         " give it clients in the configuration, and the page"
                         " a token.",
                         false,
                         {}};
  // A page that reads may have no origin.
  const auto browses = header_of(headers, "user-agent").starts_with("Mozilla/");
  if (browses && !is_here(header_of(headers, "host")))
    return refusal_words{403, "permission_denied",
                         "This API is open to this machine as localhost or"
                         " 127.0.0.1, not under another name; to use one, give"
                         " it clients in the configuration.",
                         false,
                         {}};
  return std::nullopt;
}

void allow_page(const header_list& asked, header_list& to) {
  if (header_of(asked, "origin").empty())
    return;
  to.emplace_back("access-control-allow-origin", "*");
  to.emplace_back("access-control-expose-headers", "*");
}

std::optional<http_answer> answer_preflight(std::string_view method,
                                            const header_list& headers) {
  if (method != "OPTIONS" || header_of(headers, "origin").empty()
      || header_of(headers, "access-control-request-method").empty())
    return std::nullopt;
  http_answer result;
  allow_page(headers, result.headers);
  result.headers.emplace_back("access-control-allow-methods",
                              "GET, POST, DELETE");
  // A wildcard would leave out Authorization (Fetch, 4.9).
  if (const auto wanted = header_of(headers, "access-control-request-headers");
      !wanted.empty())
    result.headers.emplace_back("access-control-allow-headers", wanted);
  if (header_of(headers, "access-control-request-private-network") == "true")
    result.headers.emplace_back("access-control-allow-private-network", "true");
  result.headers.emplace_back("access-control-max-age", "86400");
  return result;
}

std::optional<http_answer>
refuse_stranger(const client_list& clients, std::string_view method,
                std::string_view target, const header_list& headers,
                const std::function<std::string()>& next_name) {
  std::optional<refusal_words> words;
  if (clients.is_open()) {
    words = fault_of_page(headers);
  } else if (auto preflight = answer_preflight(method, headers)) {
    return preflight;
  } else if (const auto tokens = credentials_of(target, headers);
             clients.find_any(tokens) == nullptr) {
    words = words_for_stranger(!tokens.empty(),
                               header_of(headers, "authorization"));
  }
  if (!words)
    return std::nullopt;
  auto said = words_to(route_of(method, target, headers).route, *words);
  const auto given = header_of(headers, "x-request-id");
  said.headers.emplace_back("x-request-id", is_request_id(given)
                                              ? std::string{given}
                                              : next_name());
  if (!clients.is_open())
    allow_page(headers, said.headers);
  return http_answer{said.status, std::move(said.headers),
                     std::move(said.body)};
}

} // namespace rota
