#include "actors/domain/answer.hpp"

#include "actors/domain/bounded_json.hpp"
#include "actors/domain/json_text.hpp"
#include "actors/domain/retry_after.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace rota {

namespace {

using json = nlohmann::json;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// -- faults -------------------------------------------------------------------

/// The status that a type of error stands for, where the answer's own status
/// does not say it. Sources: the error pages of Anthropic, OpenAI and Google.
int status_of_type(std::string_view type) {
  struct row {
    std::string_view type;
    int status;
  };
  constexpr row rows[] = {
    {"invalid_request_error", 400}, {"authentication_error", 401},
    {"billing_error", 402},         {"permission_error", 403},
    {"not_found_error", 404},       {"conflict_error", 409},
    {"request_too_large", 413},     {"rate_limit_error", 429},
    {"api_error", 500},             {"timeout_error", 504},
    {"overloaded_error", 529},      {"insufficient_quota", 429},
    {"requests", 429},              {"tokens", 429},
    {"server_error", 500},          {"INVALID_ARGUMENT", 400},
    {"FAILED_PRECONDITION", 400},   {"UNAUTHENTICATED", 401},
    {"PERMISSION_DENIED", 403},     {"NOT_FOUND", 404},
    {"RESOURCE_EXHAUSTED", 429},    {"CANCELLED", 499},
    {"INTERNAL", 500},              {"UNAVAILABLE", 503},
    {"DEADLINE_EXCEEDED", 504},
  };
  for (const auto& x : rows)
    if (x.type == type)
      return x.status;
  return 0;
}

/// A member of an object, or null.
const json& at(const json& x, const char* key) {
  static const json nothing;
  if (!x.is_object())
    return nothing;
  const auto i = x.find(key);
  return i != x.end() ? *i : nothing;
}

/// Takes the fault's marks out of a document into an answer.
class fault_reader {
public:
  explicit fault_reader(answer& x) : x_{x} {
    // nop
  }

  /// Takes a document that may be a fault as a whole.
  void read(const json& document) {
    const auto& error = at(document, "error");
    const auto& inner = at(at(document, "response"), "error");
    const auto& choices = at(document, "choices");
    if (says_something(error))
      read_error(error);
    else if (says_something(inner))
      read_error(inner);
    else if (choices.is_array() && !choices.empty()
             && says_something(at(choices[0], "error")))
      read_error(at(choices[0], "error"));
    else if (is_bare_fault(document))
      read_error(document);
    else
      return;
    x_.fault = true;
    // sub2api and others set it beside the error.
    add_code(at(document, "code"));
  }

  /// Takes a document that is a fault because of its status.
  void read_refusal(const json& document) {
    read(document);
    if (!x_.fault && document.is_object())
      read_error(document);
    x_.fault = true;
  }

private:
  /// Some relays put an empty error beside each good answer.
  static bool says_something(const json& error) {
    const auto has_text = [&error](const char* key) {
      const auto& x = at(error, key);
      return x.is_string() && !x.get_ref<const std::string&>().empty();
    };
    if (error.is_string())
      return !error.get_ref<const std::string&>().empty();
    const auto& code = at(error, "code");
    return (code.is_number_integer() && code != json(0)) || has_text("code")
           || has_text("type") || has_text("status") || has_text("message")
           || has_text("msg") || has_text("detail") || has_text("error_msg");
  }

  /// {"success":false,...}, {"type":"error",...}, {"code":...,"message":...}.
  static bool is_bare_fault(const json& x) {
    const auto& code = at(x, "code");
    const auto is_good = code == json(0) || code == json(200);
    return at(x, "success") == json(false) || at(x, "type") == json("error")
           || ((code.is_string() || code.is_number_integer())
               && at(x, "message").is_string() && !is_good);
  }

  void read_error(const json& error) {
    if (error.is_string()) {
      x_.message = error.get<std::string>();
      return;
    }
    for (const auto* key : {"message", "msg", "detail", "error_msg"})
      if (x_.message.empty() && at(error, key).is_string())
        x_.message = at(error, key).get<std::string>();
    add_code(at(error, "code"));
    add_code(at(at(error, "metadata"), "limit_source"));
    add_code(at(at(error, "innererror"), "code"));
    for (const auto* key : {"type", "status"})
      if (const auto& type = at(error, key); type.is_string()) {
        x_.types.push_back(type.get<std::string>());
        if (x_.status == 0)
          x_.status = status_of_type(x_.types.back());
      }
    read_details(at(error, "details"));
    if (const auto wait = count_of(at(error, "resets_in_seconds")))
      x_.retry_delay = milliseconds{*wait * 1'000};
    if (const auto time = count_of(at(error, "resets_at")))
      x_.resets_at = timestamp{*time * 1'000};
  }

  /// Seconds, up to the end of the times that we can tell.
  static std::optional<int64_t> count_of(const json& x) {
    constexpr int64_t most = 100'000'000'000;
    if (!x.is_number_integer() || x < json(0) || x > json(most))
      return std::nullopt;
    return x.get<int64_t>();
  }

  /// Anthropic: an object. Google: a list of typed objects.
  void read_details(const json& details) {
    add_code(at(details, "error_code"));
    if (!details.is_array())
      return;
    for (const auto& detail : details) {
      add_code(at(detail, "reason"));
      if (const auto& delay = at(detail, "retryDelay"); delay.is_string())
        x_.retry_delay = parse_wait(delay.get_ref<const std::string&>());
      const auto& violations = at(detail, "violations");
      if (!violations.is_array())
        continue;
      for (const auto& violation : violations) {
        const auto& id = at(violation, "quotaId");
        add_code(id);
        for (const auto* period : {"PerDay", "PerMinute"})
          if (id.is_string()
              && contains(id.get_ref<const std::string&>(), period))
            x_.codes.emplace_back(period);
      }
    }
  }

  void add_code(const json& code) {
    if (code.is_number_integer()) {
      const auto value = code.get<int64_t>();
      if (x_.status == 0 && value >= 400 && value <= 599)
        x_.status = static_cast<int>(value);
      x_.codes.push_back(std::to_string(value));
    } else if (code.is_string() && code != json("")) {
      x_.codes.push_back(code.get<std::string>());
    }
  }

  answer& x_;
};

// -- content ------------------------------------------------------------------

bool is_filled(const json& x) {
  return (x.is_string() || x.is_structured()) && !x.empty()
         && x != json("");
}

bool is_word(const json& x) {
  return x.is_string() && x != json("");
}

/// Whether something stands in any of its members but this one.
bool has_more_than(std::string_view name, const json& x) {
  if (!x.is_object())
    return false;
  for (const auto& [key, value] : x.items())
    if (key != name && is_filled(value))
      return true;
  return false;
}

void read_choices(const json& choices, answer& x) {
  if (!choices.is_array())
    return;
  for (const auto& choice : choices) {
    x.content = x.content || has_more_than("role", at(choice, "delta"))
                || has_more_than("role", at(choice, "message"))
                || is_filled(at(choice, "text"));
    const auto& reason = at(choice, "finish_reason");
    if (is_word(reason) && reason != json("error"))
      x.concluded = x.complete = true;
    if (reason == json("error"))
      x.fault = true;
  }
}

void read_candidates(const json& document, answer& x) {
  const auto& candidates = at(document, "candidates");
  if (candidates.is_array())
    for (const auto& candidate : candidates) {
      const auto& parts = at(at(candidate, "content"), "parts");
      x.content = x.content
                  || std::any_of(parts.begin(), parts.end(), [](auto& part) {
                       return has_more_than("", part);
                     });
      x.concluded = x.concluded || is_word(at(candidate, "finishReason"));
      x.complete = x.complete || x.concluded;
    }
  // Nothing says that it is over: some sites give every chunk a finishReason,
  // and one candidate may end before another.
  if (at(at(document, "promptFeedback"), "blockReason").is_string())
    x.content = x.complete = true;
}

std::string id_of_response(const json& event) {
  const auto& id = at(at(event, "response"), "id");
  return id.is_string() ? id.get<std::string>() : std::string{};
}

/// Anthropic's: a block that only begins is as empty as a role, but for a tool
/// that is called, or a result. Behind it a ping follows at once; the next one
/// shows that it thinks in silence, and its client should not wait for that.
void read_message_event(std::string_view name, const json& event, answer& x) {
  const auto begins = name == "content_block_start";
  if (begins || (name == "ping" && x.waiting > 0))
    ++x.waiting;
  x.content = x.content || x.waiting > 2
              || (begins && has_more_than("type", at(event, "content_block")))
              || (name == "content_block_delta"
                  && has_more_than("type", at(event, "delta")));
  x.concluded = x.concluded || is_word(at(at(event, "delta"), "stop_reason"));
  x.over = x.over || name == "message_stop";
  x.complete = x.complete || x.concluded || x.over;
}

/// Whether an event of Responses brings more than the frame of what comes: an
/// item of text or thought, or a part, that is empty yet.
bool has_output(std::string_view name, const json& event) {
  if (!name.starts_with("response.output")
      && !name.starts_with("response.content_part")
      && !name.starts_with("response.reasoning")
      && !name.starts_with("response.function_call"))
    return false;
  if (name.ends_with(".delta"))
    return is_filled(at(event, "delta"));
  if (name.ends_with("part.added"))
    return has_more_than("type", at(event, "part"));
  const auto& item = at(event, "item");
  const auto& kind = at(item, "type");
  const auto is_frame = kind == json("reasoning") || kind == json("message");
  return name != "response.output_item.added" || !is_frame
         || is_filled(at(item, "content")) || is_filled(at(item, "summary"));
}

/// Takes one event of a stream.
void read_event(surface route, const json& event, answer& x) {
  const auto& type = at(event, "type");
  const std::string name = type.is_string() ? type.get<std::string>() : "";
  switch (route) {
    case surface::anthropic_messages:
      read_message_event(name, event, x);
      break;
    case surface::openai_stored:
      // What became of a response is none of the call's that reads it.
      if (!name.empty() && name != "error") {
        x.content = x.complete = true;
        return;
      }
      break;
    case surface::openai_responses:
      x.response = x.response.empty() ? id_of_response(event) : x.response;
      x.content = x.content || has_output(name, event);
      x.over = x.over || name == "response.completed"
               || name == "response.incomplete";
      x.concluded = x.concluded || x.over;
      x.complete = x.complete || x.over;
      break;
    case surface::gemini_generate:
      read_candidates(event, x);
      break;
    case surface::openai_images:
    case surface::openai_image_edits:
    case surface::openai_speech:
    case surface::openai_transcriptions:
      x.content = x.content || (!name.empty() && name != "error");
      // Of several pictures each is completed.
      x.over = x.over || name == "speech.audio.done"
               || name == "transcript.text.done";
      x.complete = x.complete || x.over || name.ends_with(".completed");
      break;
    default:
      read_choices(at(event, "choices"), x);
      break;
  }
  fault_reader{x}.read(event);
}

void read_stream(surface route, std::string_view body, answer& x) {
  for_each_event(body, [&](std::string_view data) {
    if (trimmed(data) == "[DONE]")
      x.complete = x.over = true;
    else
      rota::read_event(route, data, x);
    return true;
  });
}

/// Whether a body is not JSON by its site's own word, but text.
bool is_text(surface route, const upstream_outcome& x) {
  const auto type = x.header("content-type");
  return route == surface::openai_transcriptions
         && (type.starts_with("text/") || contains(type, "subrip"))
         && !contains(type, "html") && !contains(type, "event-stream");
}

bool is_html(const upstream_outcome& x, std::string_view body) {
  return body.starts_with('<')
         || (contains(x.header("content-type"), "text/html")
             && !body.starts_with('{') && !body.starts_with('['));
}

/// Alibaba's and Cloudflare's challenges.
bool is_challenge(const upstream_outcome& x, std::string_view body) {
  constexpr std::string_view marks[] = {
    "var arg1=", "acw_sc__v2", "challenge-platform", "cf-chl", "_cf_chl",
    "Just a moment...",
  };
  return x.header("cf-mitigated") == "challenge"
         || x.header("set-cookie").starts_with("acw_")
         || std::any_of(std::begin(marks), std::end(marks),
                        [&](auto mark) { return contains(body, mark); });
}

} // namespace

void read_event(surface route, std::string_view data, answer& x) {
  read_event(route, parse_bounded(data), x);
}

void for_each_event(std::string_view body,
                    const std::function<bool(std::string_view)>& take) {
  std::string data;
  const auto end_event = [&] {
    const auto wants_more = data.empty() || take(data);
    data.clear();
    return wants_more;
  };
  while (!body.empty()) {
    const auto end = std::min(body.find_first_of("\r\n"), body.size());
    const auto line = body.substr(0, end);
    const auto pair = body.substr(end).starts_with("\r\n") ? 2u : 1u;
    body.remove_prefix(std::min(end + pair, body.size()));
    if (line.empty() && !end_event())
      return;
    if (line.starts_with("data:"))
      data.append(line.substr(5)).push_back('\n');
  }
  end_event();
}

answer read_answer(surface route, const upstream_outcome& x) {
  answer result;
  const auto body = document_in(x.body);
  const auto good = x.status >= 200 && x.status < 300;
  // A transcript, subtitles included; of silence it is empty.
  if (good && is_text(route, x)) {
    result.is = answer::form::other;
    result.content = result.complete = true;
    return result;
  }
  if (body.empty())
    return result;
  if (is_html(x, body)) {
    result.is = answer::form::html;
    result.challenge = is_challenge(x, body);
    return result;
  }
  if (const auto document = parse_bounded(body); document.is_structured()) {
    result.is = answer::form::json;
    result.complete = true;
    const auto list = document.is_array();
    const auto take = [&](const json& one) {
      if (!good)
        fault_reader{result}.read_refusal(one);
      else if (list)
        read_event(route, one, result);
      else
        fault_reader{result}.read(one);
    };
    if (!list)
      take(document);
    else // Gemini streams a list, and wraps its errors into one.
      for (const auto& one : document)
        take(one);
    if (!list && good)
      result.content = !result.fault && has_answer(route, body);
    return result;
  }
  if (body.starts_with("data:") || body.starts_with("event:")
      || body.starts_with(':')
      || contains(x.header("content-type"), "text/event-stream")) {
    result.is = answer::form::stream;
    read_stream(route, body, result);
    return result;
  }
  result.is = answer::form::other;
  result.message = body;
  // Some say no type.
  result.content = result.complete
    = good && route == surface::openai_transcriptions;
  return result;
}

} // namespace rota
