#include "actors/domain/batch_plan.hpp"

#include "actors/domain/estimate.hpp"
#include "actors/domain/json_text.hpp"

#include <algorithm>
#include <array>
#include <simdjson.h>
#include <utility>

namespace rota {

namespace {

constexpr size_t custom_id_max = 512; // Longer names only cost memory.
constexpr size_t anthropic_id_max = 64;

/// How much of a caller's text a fault repeats.
constexpr size_t shown_max = 64;

/// What the url of an OpenAI line may be.
constexpr std::array<std::pair<std::string_view, surface>, 6> routes{{
  {"/v1/chat/completions", surface::openai_chat},
  {"/v1/completions", surface::openai_completions},
  {"/v1/responses", surface::openai_responses},
  {"/v1/embeddings", surface::openai_embeddings},
  {"/v1/moderations", surface::openai_moderations},
  {"/v1/messages", surface::anthropic_messages},
}};

using value = std::optional<simdjson::dom::element>;

/// The members of a line that tell its format and make its plan.
struct line_fields {
  value custom_id, method, url, body;  // OpenAI
  value params;                        // Anthropic
  value key, request;                  // Gemini
  value messages, input, contents;     // bare
  value model, system, max_tokens;     // inside of bare
};

constexpr std::array<std::pair<std::string_view, value line_fields::*>, 13>
  field_names{{
    {"custom_id", &line_fields::custom_id},
    {"method", &line_fields::method},
    {"url", &line_fields::url},
    {"body", &line_fields::body},
    {"params", &line_fields::params},
    {"key", &line_fields::key},
    {"request", &line_fields::request},
    {"messages", &line_fields::messages},
    {"input", &line_fields::input},
    {"contents", &line_fields::contents},
    {"model", &line_fields::model},
    {"system", &line_fields::system},
    {"max_tokens", &line_fields::max_tokens},
  }};

line_result refuse(std::string code, std::string text) {
  return {std::nullopt, {0, std::move(code), std::move(text)}};
}

line_result lacks(std::string_view what, std::string_view advice) {
  return refuse("missing_required_parameter",
                "The line has no " + json_string(what) + ": "
                  + std::string{advice} + '.');
}

std::string shown(std::string_view text) {
  const auto head = head_of(text, shown_max);
  return json_string(head) + (head.size() < text.size() ? "..." : "");
}

std::string_view text_of(const value& x) {
  std::string_view result;
  if (x && x->get_string().get(result) == simdjson::SUCCESS)
    return result;
  return {};
}

/// The JSON of a line. Some editors put a byte order mark before the first.
std::string_view json_of(std::string_view line, uint64_t number) {
  if (number == 1 && line.starts_with("\xef\xbb\xbf"))
    line.remove_prefix(3);
  return trimmed(line);
}

std::string reason_of(simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return "it holds bytes that are not UTF-8";
    case simdjson::DEPTH_ERROR:
      return "it is nested too deeply";
    case simdjson::UNCLOSED_STRING:
      return "a string in it is not closed";
    case simdjson::UNESCAPED_CHARS:
      return "a string in it holds a control character";
    case simdjson::INCORRECT_TYPE:
      return "it is JSON, but not an object";
    default:
      return "it cannot be parsed";
  }
}

/// Reads and checks a whole line. The elements live until the next call.
simdjson::error_code read_fields(std::string_view line, line_fields& x,
                                 std::string_view& twice) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::object object;
  const auto read = [&object](std::string_view text) {
    return parser.parse(text.data(), text.size()).get_object().get(object);
  };
  auto code = read(line);
  // JSON knows no largest number; the parser does.
  if (code)
    if (const auto shorter = with_short_numbers(line); shorter != line)
      code = read(shorter);
  if (code)
    return code;
  for (const auto member : object) {
    for (const auto& [name, field] : field_names) {
      if (member.key != name)
        continue;
      if (x.*field)
        twice = name;
      else
        x.*field = member.value;
    }
  }
  return simdjson::SUCCESS;
}

std::optional<batch_format> format_of(const line_fields& x) {
  if (x.body || x.url || x.method)
    return batch_format::openai;
  if (x.params)
    return batch_format::anthropic;
  if (x.request)
    return batch_format::gemini;
  if (!x.custom_id && (x.messages || x.input || x.contents))
    return batch_format::bare;
  return std::nullopt;
}

std::string described(batch_format x) {
  switch (x) {
    case batch_format::openai:
      return "OpenAI's (custom_id, method, url, body)";
    case batch_format::anthropic:
      return "Anthropic's (custom_id, params)";
    case batch_format::gemini:
      return "Gemini's (key, request)";
    default:
      return "that of bare requests (messages, input or contents)";
  }
}

/// Checks a caller's name for a line; an empty code means it is good.
line_fault check_name(const value& x, std::string_view field) {
  if (!x)
    return lacks(field, "give every line a name of its own").fault;
  const auto name = text_of(x);
  if (name.empty() || name.size() > custom_id_max)
    return {0, "invalid_custom_id",
            "The " + std::string{field} + " must be a string of 1 to "
              + std::to_string(custom_id_max) + " bytes."};
  return {};
}

/// Reads the request itself and completes the plan.
line_result complete(planned_line plan, const batch_limits& limits) {
  auto facts
    = read_request(plan.route, plan.body, limits.default_output_tokens);
  if (!facts.fault.empty())
    return refuse("invalid_json_line", "The request cannot be read ("
                                         + facts.fault + "): correct it.");
  if (facts.stream)
    return refuse("stream_not_supported",
                  "The request asks for a stream: leave \"stream\" out.");
  if (facts.background && plan.route == surface::openai_responses)
    return refuse("background_not_supported",
                  "The request is to run in the background, where no answer"
                  " comes of it: leave \"background\" out.");
  if (plan.model.empty())
    plan.model = std::move(facts.model);
  const auto gemini = plan.route == surface::gemini_generate;
  if (gemini && plan.model.starts_with("models/"))
    plan.model.erase(0, 7);
  if (plan.model.empty() && gemini)
    return lacks("model", "Gemini's lines need not name one, so name one for "
                          "the whole file (rota submit --model NAME)");
  if (plan.model.empty())
    return lacks("model", "name it in the request, which is sent as it is; "
                          "--model names that of Gemini's lines only");
  plan.tokens = facts.tokens;
  return {std::move(plan), {}};
}

/// Finds the request in its line and completes the plan with it.
line_result complete_with(std::string_view line, std::string_view member,
                          planned_line plan, const batch_limits& limits) {
  const auto body = member_object(line, member);
  if (!body)
    return refuse("missing_required_parameter",
                  "The " + json_string(member)
                    + " is not an object: put the request's JSON there.");
  plan.body = *body;
  return complete(std::move(plan), limits);
}

line_result plan_openai(const line_fields& x, std::string_view line,
                        const batch_limits& limits) {
  if (auto fault = check_name(x.custom_id, "custom_id"); !fault.code.empty())
    return {std::nullopt, std::move(fault)};
  if (!x.method)
    return lacks("method", "write \"method\": \"POST\"");
  if (text_of(x.method) != "POST")
    return refuse("invalid_method", "The method is " + shown(text_of(x.method))
                                      + ": a batch line must have \"POST\".");
  if (!x.url)
    return lacks("url", "name the route, such as \"/v1/chat/completions\"");
  const auto url = text_of(x.url);
  const auto i = std::find_if(routes.begin(), routes.end(),
                              [url](auto& y) { return y.first == url; });
  if (i == routes.end()) {
    auto text = "The url " + shown(url) + " is not served here: use one of";
    for (const auto& [served, _] : routes)
      text += ' ' + std::string{served};
    return refuse("invalid_url", text + '.');
  }
  if (!x.body)
    return lacks("body", "put the request's JSON there");
  planned_line plan;
  plan.custom_id = text_of(x.custom_id);
  plan.route = i->second;
  return complete_with(line, "body", std::move(plan), limits);
}

line_result plan_anthropic(const line_fields& x, std::string_view line,
                           const batch_limits& limits) {
  if (auto fault = check_name(x.custom_id, "custom_id"); !fault.code.empty())
    return {std::nullopt, std::move(fault)};
  const auto name = text_of(x.custom_id);
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (name.size() > anthropic_id_max
      || !std::all_of(name.begin(), name.end(), fits))
    return refuse("invalid_custom_id",
                  "The custom_id " + shown(name) + " is not allowed: use 1 to "
                    "64 letters, digits, \"_\" and \"-\".");
  if (!x.params)
    return lacks("params", "put the request's JSON there");
  int64_t limit = 0;
  if (x.params->is_object()
      && x.params->at_key("max_tokens").get_int64().get(limit)
           != simdjson::SUCCESS)
    return lacks("max_tokens", "Anthropic's messages need one in \"params\"");
  planned_line plan;
  plan.custom_id = name;
  plan.route = surface::anthropic_messages;
  return complete_with(line, "params", std::move(plan), limits);
}

line_result plan_gemini(const line_fields& x, std::string_view line,
                        const batch_options& chosen,
                        const batch_limits& limits) {
  if (auto fault = check_name(x.key, "key"); !fault.code.empty())
    return {std::nullopt, std::move(fault)};
  if (!x.request)
    return lacks("request", "put the request's JSON there");
  if (x.request->is_object() && x.request->at_key("contents").error())
    return lacks("contents", "a Gemini request needs some");
  planned_line plan;
  plan.custom_id = text_of(x.key);
  plan.route = surface::gemini_generate;
  plan.model = chosen.model;
  return complete_with(line, "request", std::move(plan), limits);
}

/// The route of a bare body, by what only that route has: Anthropic has
/// `system` beside the messages and always max_tokens; embeddings and
/// moderations are told from Responses by the names of their models.
surface bare_route(const line_fields& x) {
  const auto model = text_of(x.model);
  const auto has = [model](std::string_view part) {
    return model.find(part) != std::string_view::npos;
  };
  if (x.contents)
    return surface::gemini_generate;
  if (x.messages)
    return x.max_tokens && (x.system || model.starts_with("claude"))
             ? surface::anthropic_messages
             : surface::openai_chat;
  if (has("embed"))
    return surface::openai_embeddings;
  return has("moderation") ? surface::openai_moderations
                           : surface::openai_responses;
}

line_result plan_bare(const line_fields& x, std::string_view line,
                      uint64_t number, const batch_options& chosen,
                      const batch_limits& limits) {
  if (!x.messages && !x.input && !x.contents)
    return lacks("messages", "or input or contents: one is the request");
  planned_line plan;
  plan.custom_id = "line-" + std::to_string(number);
  plan.route = bare_route(x);
  plan.body = line;
  if (plan.route == surface::gemini_generate)
    plan.model = chosen.model;
  return complete(std::move(plan), limits);
}

} // namespace

std::optional<batch_format> detect_format(std::string_view first_line) {
  line_fields x;
  std::string_view twice;
  if (read_fields(json_of(first_line, 1), x, twice))
    return std::nullopt;
  return format_of(x);
}

line_result plan_line(batch_format format, std::string_view line,
                      uint64_t number, const batch_options& chosen,
                      const batch_limits& limits) {
  if (line.size() > limits.max_line_bytes)
    return refuse("line_too_long",
                  "The line has more than "
                    + std::to_string(limits.max_line_bytes)
                    + " bytes: shorten it, or raise batch.max_line_bytes.");
  return plan_accepted_line(format, line, number, chosen, limits);
}

line_result plan_accepted_line(batch_format format, std::string_view line,
                               uint64_t number, const batch_options& chosen,
                               const batch_limits& limits) {
  line = json_of(line, number);
  line_fields x;
  std::string_view twice;
  if (const auto code = read_fields(line, x, twice))
    return refuse("invalid_json_line",
                  "The line is not a JSON object: " + reason_of(code)
                    + "; write one request as one JSON object on each line.");
  if (!twice.empty())
    return refuse("invalid_json_line", "The line has " + json_string(twice)
                                         + " twice: keep one of them.");
  if (const auto own = format_of(x); own && *own != format)
    return refuse("mismatched_format",
                  "The file's format is " + described(format)
                    + ", but this line's is " + described(*own)
                    + ": use one format in a file.");
  switch (format) {
    case batch_format::openai:
      return plan_openai(x, line, limits);
    case batch_format::anthropic:
      return plan_anthropic(x, line, limits);
    case batch_format::gemini:
      return plan_gemini(x, line, chosen, limits);
    default:
      return plan_bare(x, line, number, chosen, limits);
  }
}

} // namespace rota
