#include "runtime/api/stranger.hpp"

#include "actors/domain/api_route.hpp"
#include "actors/domain/header_text.hpp"
#include "runtime/api/pending_request.hpp"

namespace rota {

std::optional<http_answer>
refuse_stranger(const client_list& clients, std::string_view method,
                std::string_view target, const header_list& headers,
                const std::function<std::string()>& next_name) {
  if (clients.is_open())
    return std::nullopt;
  const auto token = credential_of(target, headers);
  if (clients.find(token) != nullptr)
    return std::nullopt;
  auto said = words_to(route_of(method, target, headers).route,
                       words_for_stranger(!token.empty()));
  const auto given = header_of(headers, "x-request-id");
  said.headers.emplace_back("x-request-id", is_request_id(given)
                                              ? std::string{given}
                                              : next_name());
  return http_answer{said.status, std::move(said.headers),
                     std::move(said.body)};
}

} // namespace rota
