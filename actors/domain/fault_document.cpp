#include "actors/domain/fault_document.hpp"

#include "actors/domain/answer.hpp"
#include "actors/domain/json_text.hpp"

namespace rota {

namespace {

/// An event that says a fault, as a document.
std::string document_of(std::string_view event) {
  // Responses wrap the error into the response that failed.
  const auto response = member_object(event, "response");
  if (const auto error = response ? member_object(*response, "error")
                                  : std::nullopt)
    return "{\"error\":" + std::string{*error} + '}';
  return std::string{event};
}

} // namespace

std::optional<std::string> fault_document(surface route,
                                          std::string_view body) {
  body = trimmed(body);
  if (body.starts_with('{') || body.starts_with('['))
    return std::string{body};
  std::optional<std::string> result;
  for_each_event(body, [&](std::string_view data) {
    answer said;
    read_event(route, data, said);
    if (said.fault)
      result = document_of(trimmed(data));
    return !said.fault;
  });
  return result;
}

} // namespace rota
