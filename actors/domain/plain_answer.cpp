// The fast look at an answer; see answer.hpp.

#include "actors/domain/answer.hpp"

#include "actors/domain/json_reader.hpp"
#include "actors/domain/json_text.hpp"

#include <utility>

namespace rota {

namespace {

namespace ondemand = simdjson::ondemand;

/// What the top level of a document has.
struct marks {
  /// The member that holds the answer is there and not empty.
  bool filled = false;
  /// It is there.
  bool present = false;
  bool usage = false;
  bool blocked = false;
  bool fault = false;
};

/// Whether a member holds what a surface answers with.
bool is_answer(surface route, std::string_view key) {
  switch (route) {
    case surface::openai_chat:
    case surface::openai_completions:
      return key == "choices";
    case surface::openai_responses:
    case surface::openai_compact:
      return key == "output";
    case surface::openai_embeddings:
      return key == "data";
    case surface::openai_moderations:
      return key == "results";
    case surface::openai_images: // SiliconFlow's are called images.
    case surface::openai_image_edits:
      return key == "data" || key == "images";
    case surface::openai_speech:
      return false; // Sound is no JSON.
    case surface::openai_transcriptions:
      return key == "text";
    case surface::rerank:
      return key == "results" || key == "data";
    case surface::openai_stored:
      return key == "object";
    case surface::anthropic_messages:
      return key == "content";
    case surface::anthropic_count:
      return key == "input_tokens";
    case surface::gemini_generate:
      return key == "candidates";
    case surface::gemini_embed:
      return key == "embedding" || key == "embeddings";
    case surface::gemini_count:
      return key == "totalTokens";
  }
  return false;
}

/// Whether a value of that type is an answer although it is no list.
bool may_be(surface route, ondemand::json_type type) {
  switch (route) {
    case surface::openai_transcriptions:
    case surface::openai_stored:
      return type == ondemand::json_type::string;
    case surface::anthropic_count:
    case surface::gemini_count:
      return type == ondemand::json_type::number;
    case surface::gemini_embed:
      return type == ondemand::json_type::object;
    default:
      return false;
  }
}

/// Newer versions of simdjson answer is_null() with a result.
bool is_null(ondemand::value x) {
  ondemand::json_type type;
  return x.type().get(type) == simdjson::SUCCESS
         && type == ondemand::json_type::null;
}

/// Some relays put an empty error beside each good answer. What looks like more
/// than that may be nothing still: read_answer knows.
bool says_nothing(ondemand::value error) {
  ondemand::json_type type;
  if (error.type().get(type) != simdjson::SUCCESS)
    return false;
  std::string_view text;
  switch (type) {
    case ondemand::json_type::null:
      return is_null(error);
    case ondemand::json_type::string:
      return error.get_string().get(text) == simdjson::SUCCESS && text.empty();
    case ondemand::json_type::number:
      return trimmed(error.raw_json_token()) == "0";
    case ondemand::json_type::object: {
      ondemand::object members;
      if (error.get_object().get(members) != simdjson::SUCCESS)
        return false;
      for (auto member : members) {
        ondemand::value value;
        if (member.value().get(value) != simdjson::SUCCESS
            || !says_nothing(value))
          return false;
      }
      return true;
    }
    default:
      return false;
  }
}

/// Whether the first of the choices broke off with an error, as OpenRouter
/// reports it.
bool is_broken(ondemand::value first) {
  ondemand::object choice;
  ondemand::value error;
  return first.get_object().get(choice) == simdjson::SUCCESS
         && choice.find_field_unordered("error").get(error)
              == simdjson::SUCCESS
         && !says_nothing(error);
}

bool has_choices(surface route) {
  return route == surface::openai_chat || route == surface::openai_completions;
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
    if (!x.filled && errors && has_choices(route))
      x.fault = x.fault || is_broken(first);
    x.filled = true;
  }
  return simdjson::SUCCESS;
}

simdjson::error_code look_at(surface route, std::string_view key,
                             ondemand::value value, bool errors, marks& x) {
  if (is_answer(route, key)) {
    ondemand::json_type type;
    if (const auto code = value.type().get(type))
      return code;
    if (type == ondemand::json_type::array)
      return look_at_list(route, value, errors, x);
    x.present = x.filled = may_be(route, type);
    return simdjson::SUCCESS;
  }
  if (key == "error") { // What became of a response is none of the call's.
    x.fault = x.fault
              || (!says_nothing(value) && route != surface::openai_stored);
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
  } else if (key == "usage" || key == "usageMetadata") {
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

bool look(json_reader& reader, surface route, std::string_view body,
          bool faults_count) {
  marks x;
  ondemand::document document;
  ondemand::object top;
  if (reader.read(body).get(document) != simdjson::SUCCESS
      || document.get_object().get(top) != simdjson::SUCCESS)
    return false;
  const auto errors = body.find("\"error\"") != std::string_view::npos;
  for (auto member : top) {
    ondemand::field field;
    std::string_view key;
    if (std::move(member).get(field) != simdjson::SUCCESS
        || field.unescaped_key().get(key) != simdjson::SUCCESS
        || look_at(route, key, field.value(), errors, x) != simdjson::SUCCESS)
      return false;
  }
  // Nothing may follow.
  if ((x.fault && faults_count)
      || document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    return false;
  switch (route) {
    case surface::openai_responses:
    case surface::openai_compact:
    case surface::anthropic_messages:
      return x.present; // A model may have nothing to say.
    case surface::gemini_generate:
      return x.filled || x.blocked || x.usage;
    default:
      return x.filled || (x.present && x.usage);
  }
}

} // namespace

bool is_plain_answer(surface route, std::string_view body) {
  return with_parser<json_reader>(
    body.size(), [=](auto& reader) { return look(reader, route, body, true); });
}

bool has_answer(surface route, std::string_view body) {
  return with_parser<json_reader>(body.size(), [=](auto& reader) {
    return look(reader, route, body, false);
  });
}

} // namespace rota
