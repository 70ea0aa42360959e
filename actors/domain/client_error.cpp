#include "actors/domain/client_error.hpp"

#include "actors/domain/error_type.hpp"
#include "actors/domain/fault_document.hpp"
#include "actors/domain/header_text.hpp"
#include "actors/domain/json_text.hpp"
#include "messages/ec.hpp"
#include "messages/failure.hpp"

#include <algorithm>
#include <initializer_list>

namespace rota {

namespace {

/// The SDKs of OpenAI and Anthropic wait as long as they are told up to this;
/// where it is more they try again within seconds, in vain.
constexpr milliseconds patience{60'000};

std::string error_body(surface route, const refusal_words& x) {
  const auto whose = protocol_of(route);
  const auto words = json_string(x.sentence);
  const auto type = json_string(error_type(whose, x.status));
  switch (whose) {
    case protocol::anthropic:
      return R"({"type":"error","error":{"type":)" + type + R"(,"message":)"
             + words + "}}";
    case protocol::gemini:
      return R"({"error":{"code":)" + std::to_string(x.status)
             + R"(,"message":)" + words + R"(,"status":)" + type + "}}";
    default:
      return R"({"error":{"message":)" + words + R"(,"type":)" + type
             + R"(,"param":null,"code":)" + json_string(x.code) + "}}";
  }
}

/// Anthropic's own status for "too busy", which its SDK knows.
int overloaded_status(surface route) {
  return protocol_of(route) == protocol::anthropic ? 529 : 503;
}

/// Where the provider's own name for a call goes: x-request-id is ours.
std::string upstream_id_header(surface route) {
  return protocol_of(route) == protocol::anthropic ? "request-id"
                                                   : "x-upstream-request-id";
}

bool is_one_of(std::string_view x, std::initializer_list<failure_class> list) {
  return std::any_of(list.begin(), list.end(),
                     [x](failure_class y) { return x == to_string(y); });
}

bool is_one_of(std::string_view x, std::initializer_list<ec> list) {
  return std::any_of(list.begin(), list.end(),
                     [x](ec y) { return x == to_string(y); });
}

/// What is the caller's own affair travels as it came.
bool is_callers_own(std::string_view code) {
  using enum failure_class;
  return is_one_of(code, {client_error, context_too_long, content_policy,
                          session_bound, client_restricted});
}

/// What befell the last try. Which provider it was is not the client's affair,
/// so this is not the reason that the record keeps.
std::string mishap(const item_result& x) {
  if (is_one_of(x.error_code, {failure_class::stream_broken}))
    return "the provider's stream broke off";
  if (x.status == 0)
    return "the provider could not be reached or broke off before it answered";
  if (x.status < 300)
    return "the provider's answer broke off or was none";
  return "the provider answered with HTTP " + std::to_string(x.status);
}

/// `retry`: a wait may help.
refusal_words words_for(surface route, const item_result& x) {
  using enum failure_class;
  const auto& code = x.error_code;
  if (is_one_of(code, {model_unavailable}) && x.status == 404)
    return {404, "model_not_found",
            "No account of this pool has the model " + x.model + '.', false,
            {}};
  if (is_one_of(code, {ec::no_such_model, ec::no_such_tag}))
    return x.model.empty()
             ? refusal_words{404, "not_found",
                             "The provider that made this has no such call.",
                             false,
                             {}}
             : refusal_words{404, "model_not_found",
                             "No account of this pool serves the model "
                               + x.model + " on this route ("
                               + to_string(route) + ").",
                             false,
                             {}};
  if (is_one_of(code, {quota_exhausted, key_quota_exhausted, low_balance})
      || is_one_of(code, {ec::insufficient_funds}))
    return {429, "insufficient_quota",
            "No account of this pool has enough money left for this request.",
            true, {}};
  if (is_one_of(code, {rate_limited})
      || is_one_of(code, {ec::at_limit, ec::cooling, ec::queue_full}))
    return {429, "rate_limit_exceeded",
            "All accounts of this pool that could serve this are busy.", true,
            {}};
  if (is_one_of(code, {overloaded}))
    return {overloaded_status(route), "overloaded",
            "All providers that could serve this are overloaded.", true, {}};
  if (is_one_of(code, {ec::deadline_passed}))
    return {504, "timeout", "No account could serve this in time.", true, {}};
  if (is_one_of(code, {upstream_error, stream_broken}))
    return {502, "upstream_error",
            "No provider could serve this: " + mishap(x) + '.', true, {}};
  return {503, "no_account",
          "No account of this pool can serve this for now.", true, {}};
}

header_list upstream_headers(surface route, const item_result& x,
                             const std::string& type) {
  header_list result{{"content-type",
                      type.empty() ? "application/json" : type}};
  if (!x.request_id.empty())
    result.emplace_back(upstream_id_header(route), x.request_id);
  return result;
}

/// What a provider says of the caller's request, in a document of its protocol.
client_answer own_fault(surface route, const item_result& x) {
  // A fault that came with a 200 is a fault all the same.
  const auto status = x.status < 400 ? 400 : x.status;
  auto said = fault_document(route, status, x.body);
  if (!said)
    return refuse(route, {status, "invalid_request",
                          "The provider refused this request with HTTP "
                            + std::to_string(status)
                            + " and said no more of it.",
                          false, {}});
  auto headers = upstream_headers(route, x, "application/json");
  headers.emplace_back("x-should-retry", "false");
  return {status, std::move(headers), std::move(*said)};
}

} // namespace

client_answer refuse(surface route, const refusal_words& x) {
  client_answer result;
  result.status = x.status;
  result.headers = {{"content-type", "application/json"},
                    {"x-should-retry", x.retry ? "true" : "false"}};
  if (x.retry_after) {
    const auto ms = std::max<int64_t>(x.retry_after->count(), 0);
    result.headers.emplace_back("retry-after",
                                std::to_string((ms + 999) / 1'000));
    result.headers.emplace_back("retry-after-ms", std::to_string(ms));
  }
  result.body = error_body(route, x);
  return result;
}

refusal_words words_for_stranger(bool showed_token,
                                 std::string_view authorization) {
  return {401, "invalid_api_key",
          showed_token
            ? "This API key is not known here."
          : authorization.empty() || begins_like(authorization, "bearer")
            ? "No API key was given; send it as Authorization: Bearer KEY."
            : "The header Authorization lacks the word Bearer before the key.",
          false,
          {},
          {{"www-authenticate", "Bearer"}}};
}

refusal_words words_for_coding() {
  return {415, "unsupported_content_encoding",
          "The request's body is compressed; send it as it is.", false, {},
          {{"accept-encoding", "identity"}}};
}

refusal_words words_for_model(surface route, const std::string& model) {
  const auto theirs = protocol_of(route) != protocol::openai;
  return {theirs ? 404 : 403, "model_not_found",
          "You do not have access to the model " + model + '.', false, {}};
}

refusal_words words_for_response(const std::string& id) {
  return {404, "response_not_found",
          "Response with id '" + id + "' not found.", false, {}};
}

refusal_words words_for_previous(const std::string& id) {
  return {400, "previous_response_not_found",
          "Previous response with id '" + id + "' not found.", false, {}};
}

std::string broken_stream_event(surface route, bool in_list,
                                std::string_view sentence) {
  refusal_words x{502, "upstream_error", std::string{sentence}, true, {}};
  if (in_list)
    return ",\r\n" + error_body(route, x) + ']';
  switch (route) {
    case surface::anthropic_messages:
      return "event: error\ndata: " + error_body(route, x) + "\n\n";
    case surface::openai_responses:
    case surface::openai_stored:
      return R"(event: error
data: {"type":"error","code":"upstream_error","message":)"
             + json_string(sentence) + R"(,"param":null})" "\n\n";
    default:
      return "data: " + error_body(route, x) + "\n\n";
  }
}

client_answer answer_for(surface route, const item_result& x, timestamp now) {
  const auto good = x.state == item_state::succeeded;
  if (good)
    return {x.status, upstream_headers(route, x, x.content_type), x.body};
  if (is_callers_own(x.error_code) && x.status != 0)
    return own_fault(route, x);
  auto words = words_for(route, x);
  if (words.retry && x.retry_at > now)
    words.retry_after = x.retry_at - now;
  words.retry = words.retry && x.retry_at.millis != 0
                && x.retry_at <= now + patience;
  return refuse(route, words);
}

client_answer answer_for_count(surface route, const item_result& x,
                               int64_t estimate, timestamp now) {
  const auto has_no_such_call = x.status == 404 || x.status == 405
                                || x.status == 501;
  if (x.state == item_state::succeeded
      || (is_callers_own(x.error_code) && !has_no_such_call))
    return answer_for(route, x, now);
  const auto* const name = protocol_of(route) == protocol::gemini
                             ? "{\"totalTokens\":"
                             : "{\"input_tokens\":";
  return {200,
          {{"content-type", "application/json"}},
          name + std::to_string(estimate) + '}'};
}

} // namespace rota
