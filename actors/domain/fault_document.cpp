#include "actors/domain/fault_document.hpp"

#include "actors/domain/answer.hpp"
#include "actors/domain/bounded_json.hpp"
#include "actors/domain/error_type.hpp"
#include "actors/domain/json_text.hpp"

namespace rota {

namespace {

using json = nlohmann::json;

/// Of a document in which no message is found so much is quoted.
constexpr size_t quoted_max = 1'000;

bool is_word(const json& x, const char* key) {
  return x.contains(key) && x[key].is_string() && x[key] != json("");
}

bool is_own(protocol whose, const json& document) {
  if (!document.contains("error") || !document["error"].is_object())
    return false;
  const auto& error = document["error"];
  if (!is_word(error, "message"))
    return false;
  switch (whose) {
    case protocol::anthropic:
      return document.value("type", json{}) == json("error")
             && is_word(error, "type");
    case protocol::gemini:
      return error.contains("code") && error["code"].is_number_integer()
             && is_word(error, "status");
    default:
      return is_word(error, "type");
  }
}

/// The error with what its protocol asks for added, and nothing taken away but
/// what stands in the place of that.
json completed(protocol whose, int status, json error, const answer& said) {
  const std::string type{error_type(whose, status)};
  const auto first = [](const std::vector<std::string>& list) {
    return list.empty() ? json{} : json(list.front());
  };
  switch (whose) {
    case protocol::anthropic:
      if (!is_word(error, "type"))
        error["type"] = type;
      return {{"type", "error"}, {"error", std::move(error)}};
    case protocol::gemini:
      if (!is_word(error, "status"))
        error["status"] = type;
      error["code"] = status;
      break;
    default:
      if (!is_word(error, "type"))
        error["type"] = type;
      error.emplace("param", nullptr);
      error.emplace("code", first(said.codes));
      break;
  }
  return {{"error", std::move(error)}};
}

/// An event that says a fault, as a document.
std::string document_of(std::string_view event) {
  // Responses wrap the error into the response that failed.
  const auto response = member_object(event, "response");
  if (const auto error = response ? member_object(*response, "error")
                                  : std::nullopt)
    return "{\"error\":" + std::string{*error} + '}';
  return std::string{event};
}

/// The document of a body: itself, or the first fault of a stream.
std::string document_of(surface route, std::string_view body) {
  if (body.starts_with('{') || body.starts_with('['))
    return std::string{body};
  std::string result;
  for_each_event(body, [&](std::string_view data) {
    answer said;
    read_event(route, data, said);
    if (said.fault)
      result = document_of(trimmed(data));
    return !said.fault;
  });
  return result;
}

} // namespace

std::optional<std::string> fault_document(surface route, int status,
                                          std::string_view body) {
  const auto text = document_of(route, document_in(body));
  auto document = parse_bounded(text);
  const auto is_list = document.is_array() && !document.empty();
  if (is_list) // So Google answers where it would stream.
    document = json(document.front());
  if (!document.is_object() || document.empty())
    return std::nullopt;
  const auto whose = protocol_of(route);
  // Those of Cohere and Jina have no shape in common.
  if (is_own(whose, document) || route == surface::rerank)
    return is_list ? document.dump() : text;
  upstream_outcome refusal;
  refusal.status = status;
  refusal.body = text;
  const auto said = read_answer(route, refusal);
  auto error = json::object();
  if (document.contains("error") && document["error"].is_object())
    error = document["error"];
  else if (document.contains("param"))
    error["param"] = document["param"]; // OpenAI's event has it outside.
  if (!is_word(error, "message"))
    error["message"] = said.message.empty()
                         ? std::string{head_of(text, quoted_max)}
                         : said.message;
  return completed(whose, status, std::move(error), said).dump();
}

} // namespace rota
