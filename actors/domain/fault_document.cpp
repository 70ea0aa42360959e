#include "actors/domain/fault_document.hpp"

#include "actors/domain/answer.hpp"
#include "actors/domain/json_text.hpp"

#include <algorithm>

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
  while (!body.empty()) {
    const auto end = std::min(body.find_first_of("\r\n"), body.size());
    const auto line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (!line.starts_with("data:"))
      continue;
    const auto event = trimmed(line.substr(5));
    answer said;
    read_event(route, event, said);
    if (said.fault)
      return document_of(event);
  }
  return std::nullopt;
}

} // namespace rota
