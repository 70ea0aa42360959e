#include "actors/domain/batch_plan.hpp"

#include "actors/domain/bounded_json.hpp"
#include "actors/domain/error_type.hpp"
#include "actors/domain/json_text.hpp"

#include <initializer_list>
#include <utility>

namespace rota {

namespace {

/// How much of an answer that is no JSON a result repeats.
constexpr size_t shown_max = 500;

/// What there is to write of an item that has no answer in JSON.
struct reason {
  std::string code;
  std::string text;
};

reason reason_of(const item_result& x) {
  reason result{x.error_code, x.error_text};
  const auto cancelled = x.state == item_state::cancelled;
  if (result.code.empty())
    result.code = cancelled ? "batch_cancelled" : "upstream_error";
  if (const auto body = trimmed(x.body); !body.empty()) {
    const auto head = std::string{head_of(body, shown_max)};
    if (result.text.empty())
      result.text = head;
    else if (result.text.starts_with("HTTP ")) // Not what broke off.
      result.text = "The provider answered " + result.text
                    + (body.starts_with('<') ? "." : ": " + head);
  } else if (result.text.empty())
    result.text = cancelled ? "The batch was cancelled before this request "
                              "was run."
                            : "The provider gave no answer.";
  return result;
}

/// What came in place of an answer is the provider's error, whatever status it
/// came with.
int status_of(const item_result& x) {
  const auto good = x.status > 0 && x.status < 400;
  return good && x.state != item_state::succeeded ? 502 : x.status;
}

/// Whether a body stands in the result as it came: an answer, or an error that
/// says so.
bool is_shown(const item_result& x, bool has_json) {
  return has_json
         && (status_of(x) == x.status
             || member_object(trimmed(x.body), "error"));
}

/// Names of an object and its members' JSON.
using members = std::initializer_list<
  std::pair<std::string_view, std::string_view>>;

std::string object_of(members list) {
  std::string result;
  for (const auto& [name, json] : list) {
    result += result.empty() ? "{\"" : ", \"";
    result += name;
    result += "\": ";
    result += json;
  }
  return result + '}';
}

std::string string_or_null(std::string_view text) {
  return text.empty() ? "null" : json_string(text);
}

bool expired(const item_result& x) {
  return x.error_code == "deadline_passed" || x.error_code == "batch_expired";
}

/// An answer that was paid for: where it is no JSON that everybody can read, as
/// a string, for nothing of it may be lost.
std::string answer_of(const item_result& x, bool has_json) {
  return has_json ? on_one_line(document_in(x.body)) : json_string(x.body);
}

std::string openai_line(const item_result& x, bool has_json) {
  const auto id = "batch_req_" + std::to_string(x.id.batch.value) + '_'
                  + std::to_string(x.line);
  std::string response = "null";
  std::string error = "null";
  if (x.status != 0 && !trimmed(x.body).empty()) {
    auto body = answer_of(x, has_json);
    if (x.state != item_state::succeeded && !is_shown(x, has_json)) {
      const auto why = reason_of(x);
      const auto error_object
        = object_of({{"message", json_string(why.text)},
                     {"type", "\"upstream_error\""},
                     {"param", "null"},
                     {"code", json_string(why.code)}});
      body = object_of({{"error", error_object}});
    }
    response = object_of({{"status_code", std::to_string(status_of(x))},
                          {"request_id", json_string(x.request_id)},
                          {"body", body}});
  } else {
    const auto why = reason_of(x);
    error = object_of({{"code", json_string(why.code)},
                       {"message", json_string(why.text)}});
  }
  return object_of({{"id", json_string(id)},
                    {"custom_id", string_or_null(x.custom_id)},
                    {"response", response},
                    {"error", error}});
}

/// Anthropic's error object: its own as it is, a relay's wrapped into it.
std::string anthropic_error(const item_result& x, bool has_json) {
  if (has_json) {
    const auto body = trimmed(x.body);
    const auto parsed = parse_bounded(body);
    const auto error = member_object(body, "error");
    if (error && parsed.contains("type") && parsed["type"] == "error")
      return on_one_line(body);
    if (error)
      return object_of({{"type", "\"error\""},
                        {"error", on_one_line(*error)},
                        {"request_id", string_or_null(x.request_id)}});
  }
  const auto why = reason_of(x);
  const auto type = x.error_code.empty() ? "api_error" : x.error_code;
  return object_of({{"type", "\"error\""},
                    {"error", object_of({{"type", json_string(type)},
                                         {"message", json_string(why.text)}})},
                    {"request_id", string_or_null(x.request_id)}});
}

std::string anthropic_line(const item_result& x, bool has_json) {
  std::string result;
  if (x.state == item_state::succeeded)
    result = object_of({{"type", "\"succeeded\""},
                        {"message", answer_of(x, has_json)}});
  else if (x.state == item_state::cancelled)
    result = object_of({{"type", "\"canceled\""}});
  else if (expired(x))
    result = object_of({{"type", "\"expired\""}});
  else
    result = object_of({{"type", "\"errored\""},
                        {"error", anthropic_error(x, has_json)}});
  return object_of({{"custom_id", string_or_null(x.custom_id)},
                    {"result", result}});
}

/// The HTTP status that Google would give: of an answer, if there was one.
int google_code(const item_result& x) {
  if (x.state == item_state::cancelled)
    return 499;
  if (expired(x))
    return 504;
  const auto was_tried = x.attempts > 0; // Else the line itself is at fault.
  return x.status != 0 ? status_of(x) : was_tried ? 503 : 400;
}

std::string gemini_line(const item_result& x, bool has_json) {
  const auto key = string_or_null(x.custom_id);
  const auto body = trimmed(x.body);
  if (x.state == item_state::succeeded)
    return object_of({{"key", key}, {"response", answer_of(x, has_json)}});
  if (has_json)
    if (const auto error = member_object(body, "error"))
      return object_of({{"key", key}, {"error", on_one_line(*error)}});
  const auto code = google_code(x);
  const auto status = error_type(protocol::gemini, code);
  const auto error = object_of({{"code", std::to_string(code)},
                                {"message", json_string(reason_of(x).text)},
                                {"status", json_string(status)}});
  return object_of({{"key", key}, {"error", error}});
}

} // namespace

std::string format_result(batch_format format, const item_result& x) {
  const auto body = document_in(x.body);
  // A number may be longer than any machine's.
  const auto has_json
    = !body.empty() && (is_json(body) || is_json(with_short_numbers(body)));
  switch (format) {
    case batch_format::anthropic:
      return anthropic_line(x, has_json);
    case batch_format::gemini:
      return gemini_line(x, has_json);
    default:
      return openai_line(x, has_json);
  }
}

batch_format family_of(batch_format format, surface route) {
  if (format != batch_format::bare)
    return format;
  switch (route) {
    case surface::anthropic_messages:
      return batch_format::anthropic;
    case surface::gemini_generate:
      return batch_format::gemini;
    default:
      return batch_format::openai;
  }
}

batch_format family_of(batch_format format, const line_result& x) {
  return x.plan ? family_of(format, x.plan->route) : format;
}

bool is_error_line(batch_format format, const item_result& x) {
  return (format == batch_format::openai || format == batch_format::bare)
         && x.state != item_state::succeeded;
}

} // namespace rota
