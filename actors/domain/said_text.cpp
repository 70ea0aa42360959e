#include "actors/domain/said_text.hpp"

#include "actors/domain/json_reader.hpp"
#include "actors/domain/text_weight.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace rota {

namespace {

namespace od = simdjson::ondemand;

/// No answer is as deep; one that is would exhaust the stack.
constexpr int depth_max = 64;

using names = std::span<const std::string_view>;

/// Members whose strings are the model's words.
struct vocabulary {
  names texts;
  /// Members whose objects are.
  names objects = {};
};

constexpr std::array<std::string_view, 5> of_chat{
  "content", "reasoning_content", "reasoning", "arguments", "refusal"};
constexpr std::array<std::string_view, 1> of_completions{"text"};
/// Its later events say the whole text again.
constexpr std::array<std::string_view, 1> of_responses_event{"delta"};
constexpr std::array<std::string_view, 3> of_responses{"text", "arguments",
                                                       "refusal"};
constexpr std::array<std::string_view, 3> of_messages{"text", "thinking",
                                                      "partial_json"};
constexpr std::array<std::string_view, 1> of_messages_objects{"input"};
constexpr std::array<std::string_view, 1> of_gemini{"text"};
constexpr std::array<std::string_view, 1> of_gemini_objects{"args"};

vocabulary vocabulary_of(surface route, bool event) {
  switch (route) {
    case surface::openai_chat:
      return {of_chat};
    case surface::openai_completions:
      return {of_completions};
    case surface::openai_responses:
      return {event ? names{of_responses_event} : names{of_responses}};
    case surface::anthropic_messages:
      return {of_messages, of_messages_objects};
    case surface::gemini_generate:
      return {of_gemini, of_gemini_objects};
    default:
      return {};
  }
}

bool is_in(names list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

class scale {
public:
  scale(const vocabulary& known, const weights& w) : known_{known}, w_{w} {
    // nop
  }

  /// @param mine Whether all in it are the model's words.
  void read(od::value value, std::string_view name, bool mine, int depth) {
    if (depth > depth_max)
      return;
    switch (const od::json_type type = value.type(); type) {
      case od::json_type::string:
        if (mine || is_in(known_.texts, name))
          sum_ += weigh_text(std::string_view{value.get_string()}, w_);
        break;
      case od::json_type::number:
        sum_ += mine ? w_.number : 0;
        break;
      case od::json_type::array:
        for (od::value x : value.get_array())
          read(x, name, mine, depth + 1);
        break;
      case od::json_type::object:
        mine = mine || is_in(known_.objects, name);
        for (auto field : value.get_object()) {
          const std::string_view inner = field.unescaped_key();
          sum_ += mine ? weigh_text(inner, w_) : 0;
          read(field.value(), inner, mine, depth + 1);
        }
        break;
      default:
        break;
    }
  }

  int64_t sum() const {
    return sum_;
  }

private:
  const vocabulary& known_;
  const weights& w_;
  int64_t sum_ = 0;
};

int64_t weigh(surface route, std::string_view json, bool event) {
  const auto known = vocabulary_of(route, event);
  if (known.texts.empty())
    return 0;
  return with_parser<json_reader>(json.size(), [&](json_reader& in) {
    scale result{known, weights_of(route)};
    try {
      auto document = in.read(json);
      result.read(document.get_value(), {}, false, 0);
    } catch (const simdjson::simdjson_error&) {
      // What came before it counts.
    }
    return result.sum();
  });
}

} // namespace

int64_t weigh_event(surface route, std::string_view event) {
  return weigh(route, event, true);
}

int64_t weigh_answer(surface route, std::string_view document) {
  return weigh(route, document, false);
}

} // namespace rota
