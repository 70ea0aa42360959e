// The fast look at an answer; see answer.hpp.

#include "actors/domain/answer.hpp"

#include <simdjson.h>

#include <utility>

namespace rota {

namespace {

namespace ondemand = simdjson::ondemand;

/// A parser grows with its largest document and keeps that; larger ones than
/// this get one of their own.
constexpr size_t kept_bytes = 4u << 20;

/// What the top level of a document has.
struct marks {
  /// The member that holds the answer is there and not empty.
  bool filled = false;
  /// It is there.
  bool present = false;
  /// There is any member at all.
  bool some = false;
  bool usage = false;
  bool blocked = false;
  bool fault = false;
};

/// The member that holds what a surface answers with.
std::string_view member_of(surface route) {
  switch (route) {
    case surface::openai_chat:
    case surface::openai_completions:
      return "choices";
    case surface::openai_responses:
      return "output";
    case surface::openai_embeddings:
      return "data";
    case surface::openai_moderations:
      return "results";
    case surface::anthropic_messages:
      return "content";
    case surface::gemini_generate:
      return "candidates";
    case surface::openai_images:
      return "data";
    case surface::openai_rerank:
      return "results";
    default:
      return {}; // Any member will do.
  }
}

/// Newer versions of simdjson answer is_null() with a result.
bool is_null(ondemand::value x) {
  ondemand::json_type type;
  return x.type().get(type) == simdjson::SUCCESS
         && type == ondemand::json_type::null;
}

/// Whether the first of the choices broke off with an error, as OpenRouter
/// reports it.
bool is_broken(ondemand::value first) {
  ondemand::object choice;
  ondemand::value error;
  return first.get_object().get(choice) == simdjson::SUCCESS
         && choice.find_field_unordered("error").get(error)
              == simdjson::SUCCESS
         && !is_null(error);
}

simdjson::error_code look_at_list(surface route, ondemand::value value,
                                  bool errors, marks& x) {
  ondemand::array list;
  if (const auto code = value.get_array().get(list))
    return code;
  x.present = true;
  for (auto item : list) {
    ondemand::value first;
    if (const auto code = item.get(first))
      return code;
    if (!x.filled && errors && member_of(route) == "choices")
      x.fault = x.fault || is_broken(first);
    x.filled = true;
  }
  return simdjson::SUCCESS;
}

simdjson::error_code look_at(surface route, std::string_view key,
                             ondemand::value value, bool errors, marks& x) {
  if (key == member_of(route)) {
    ondemand::json_type type;
    if (const auto code = value.type().get(type))
      return code;
    return type == ondemand::json_type::array
             ? look_at_list(route, value, errors, x)
             : simdjson::SUCCESS;
  }
  if (key == "error") {
    x.fault = x.fault || !is_null(value);
  } else if (key == "success") {
    bool success = true;
    x.fault = x.fault
              || (value.get_bool().get(success) == simdjson::SUCCESS
                  && !success);
  } else if (key == "type") {
    std::string_view type;
    x.fault = x.fault
              || (value.get_string().get(type) == simdjson::SUCCESS
                  && type == "error");
  } else if (key == "usage") {
    x.usage = !is_null(value);
  } else if (key == "promptFeedback") {
    ondemand::object feedback;
    ondemand::value reason;
    x.blocked = value.get_object().get(feedback) == simdjson::SUCCESS
                && feedback.find_field_unordered("blockReason").get(reason)
                     == simdjson::SUCCESS;
  }
  return simdjson::SUCCESS;
}

struct looker {
  ondemand::parser parser;
  std::string copy;

  bool look(surface route, std::string_view body) {
    marks x;
    // On-demand parsing reads beyond the end, so it gets a copy with room
    // behind.
    copy.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    copy.assign(body);
    const simdjson::padded_string_view padded{copy.data(), copy.size(),
                                              copy.capacity()};
    ondemand::document document;
    ondemand::object top;
    if (parser.iterate(padded).get(document) != simdjson::SUCCESS
        || document.get_object().get(top) != simdjson::SUCCESS)
      return false;
    const auto errors = body.find("\"error\"") != std::string_view::npos;
    for (auto member : top) {
      x.some = true;
      ondemand::field field;
      std::string_view key;
      if (std::move(member).get(field) != simdjson::SUCCESS
          || field.unescaped_key().get(key) != simdjson::SUCCESS
          || look_at(route, key, field.value(), errors, x)
               != simdjson::SUCCESS)
        return false;
    }
    // Nothing may follow.
    if (x.fault
        || document.current_location().error() != simdjson::OUT_OF_BOUNDS)
      return false;
    switch (route) {
      case surface::openai_responses:
      case surface::anthropic_messages:
        return x.present; // A model may have nothing to say.
      case surface::gemini_generate:
        return x.filled || x.blocked;
      case surface::openai_audio:
      case surface::openai_stored:
      case surface::anthropic_count:
      case surface::gemini_count:
      case surface::gemini_embed:
        return x.some;
      default:
        return x.filled || (x.present && x.usage);
    }
  }
};

} // namespace

bool is_plain_answer(surface route, std::string_view body) {
  if (body.size() > kept_bytes) {
    looker own;
    return own.look(route, body);
  }
  thread_local looker kept;
  return kept.look(route, body);
}

} // namespace rota
