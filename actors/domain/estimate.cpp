#include "actors/domain/estimate.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace rota {

namespace {

namespace od = simdjson::ondemand;

/// Tokens per unit of text in hundredths, without a tokenizer. The figures are
/// the ones that relays charge by when a provider says nothing.
struct weights {
  int64_t word, number, cjk, symbol, math, url, at, emoji, line, space;
};

constexpr weights openai_weights{102, 155, 85, 40, 268, 100, 200, 212, 50, 42};
constexpr weights claude_weights{113, 163, 121, 40, 452, 126, 282, 260, 89, 39};
constexpr weights gemini_weights{115, 280, 68, 38, 105, 120, 250, 108, 115, 20};

/// A word of many letters is several tokens: one per so many.
constexpr int64_t letters_per_token = 6;

constexpr int64_t per_message = 400;  // Role and separators, in hundredths.
constexpr int64_t per_key = 100;      // Schemas of tools repeat their keys.
constexpr int64_t per_image = 160'000;
constexpr int64_t priming = 300;
constexpr size_t inline_data_least = 256;

const weights& weights_of(surface route) {
  switch (route) {
    case surface::anthropic_messages:
      return claude_weights;
    case surface::gemini_generate:
      return gemini_weights;
    default:
      return openai_weights;
  }
}

enum kind : uint8_t { letter, digit, blank, newline, url_part, at_sign, other };

constexpr std::array<uint8_t, 128> kinds = [] {
  std::array<uint8_t, 128> result{};
  for (size_t i = 0; i < result.size(); ++i) {
    const auto c = static_cast<char>(i);
    result[i] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? letter
                : c >= '0' && c <= '9'                           ? digit
                : c == ' '                                       ? blank
                : c == '\n' || c == '\t' || c == '\r'            ? newline
                                                                 : other;
  }
  for (const char c : {'/', ':', '?', '&', '=', ';', '#', '%'})
    result[static_cast<size_t>(c)] = url_part;
  result['@'] = at_sign;
  return result;
}();

/// Hundredths of a token for a character beyond ASCII.
int64_t weigh(uint32_t point, const weights& w) {
  if ((point >= 0x2e80 && point <= 0x9fff) || (point >= 0xac00 && point <= 0xd7ff)
      || (point >= 0xf900 && point <= 0xfaff)
      || (point >= 0x20000 && point <= 0x3ffff))
    return w.cjk;
  if (point >= 0x1f000)
    return w.emoji;
  if ((point >= 0x2200 && point <= 0x22ff) || (point >= 0x2a00 && point <= 0x2aff))
    return w.math;
  return 100; // Letters of other scripts, at most a token each.
}

int64_t count(std::string_view text, const weights& w) {
  int64_t result = 0;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      const auto size = c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u;
      uint32_t point = c & (0xffu >> (size + 1));
      for (size_t k = 1; k < size && i + k < text.size(); ++k)
        point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3f);
      result += weigh(point, w);
      i += size;
      continue;
    }
    const auto what = kinds[c];
    auto end = i + 1;
    if (what == letter || what == digit)
      while (end < text.size() && static_cast<unsigned char>(text[end]) < 0x80
             && kinds[static_cast<unsigned char>(text[end])] == what)
        ++end;
    const auto run = static_cast<int64_t>(end - i);
    switch (what) {
      case letter:
        result += w.word * ((run + letters_per_token - 1) / letters_per_token);
        break;
      case digit:
        result += w.number * ((run + 2) / 3);
        break;
      case blank:
        result += w.space;
        break;
      case newline:
        result += w.line;
        break;
      case url_part:
        result += w.url;
        break;
      case at_sign:
        result += w.at;
        break;
      default:
        result += w.symbol;
    }
    i = end;
  }
  return result;
}

/// Bytes of an image or file inside the JSON are no text.
bool is_inline_data(std::string_view key, std::string_view text) {
  return text.starts_with("data:")
         || (text.size() >= inline_data_least
             && (key == "data" || key == "file_data" || key == "b64_json"));
}

int64_t weigh_value(od::value value, std::string_view key, const weights& w) {
  const od::json_type type = value.type();
  switch (type) {
    case od::json_type::string: {
      const std::string_view text = value.get_string();
      return is_inline_data(key, text) ? per_image : count(text, w);
    }
    case od::json_type::number:
      value.raw_json_token();
      return w.number;
    case od::json_type::array: {
      int64_t result = 0;
      for (od::value element : value.get_array())
        result += weigh_value(element, key, w)
                  + (key == "messages" || key == "input" || key == "contents"
                       ? per_message
                       : 0);
      return result;
    }
    case od::json_type::object: {
      int64_t result = 0;
      for (auto field : value.get_object()) {
        const std::string_view name = field.unescaped_key();
        result += per_key + weigh_value(field.value(), name, w);
      }
      return result;
    }
    default:
      return w.word;
  }
}

bool names_limit(std::string_view key) {
  return key == "max_tokens" || key == "max_completion_tokens"
         || key == "max_output_tokens";
}

/// What the top of a request says.
struct top_facts {
  int64_t hundredths = priming;
  int64_t limit = 0;
  int64_t choices = 1;
};

void read_member(std::string_view key, od::value value, const weights& w,
                 request_facts& facts, top_facts& top) {
  const od::json_type type = value.type();
  if (key == "model" && type == od::json_type::string) {
    facts.model = std::string_view{value.get_string()};
  } else if (key == "stream" && type == od::json_type::boolean) {
    facts.stream = value.get_bool();
  } else if (names_limit(key) && type == od::json_type::number) {
    top.limit = std::max(top.limit, int64_t{value.get_int64()});
  } else if (key == "n" && type == od::json_type::number) {
    top.choices = std::max(int64_t{value.get_int64()}, int64_t{1});
  } else if (key == "generationConfig" && type == od::json_type::object) {
    for (auto field : value.get_object()) {
      const std::string_view name = field.unescaped_key();
      od::value inner = field.value();
      const od::json_type sort = inner.type();
      if (name == "maxOutputTokens" && sort == od::json_type::number)
        top.limit = inner.get_int64();
      else if (name == "candidateCount" && sort == od::json_type::number)
        top.choices = std::max(int64_t{inner.get_int64()}, int64_t{1});
      else
        top.hundredths += weigh_value(inner, name, w);
    }
  } else {
    top.hundredths += weigh_value(value, key, w);
  }
}

} // namespace

request_facts read_request(surface route, std::string_view body,
                           int64_t default_output) {
  thread_local od::parser parser;
  thread_local std::string padded;
  request_facts facts;
  padded.resize(body.size() + simdjson::SIMDJSON_PADDING);
  std::memcpy(padded.data(), body.data(), body.size());
  top_facts top;
  try {
    auto document
      = parser.iterate(padded.data(), body.size(), padded.size());
    od::object object = document.get_object();
    const auto& w = weights_of(route);
    for (auto field : object) {
      const std::string_view key = field.unescaped_key();
      // The key lives in a buffer that the next string reuses.
      read_member(std::string{key}, field.value(), w, facts, top);
    }
  } catch (const simdjson::simdjson_error& x) {
    facts.fault = std::string{"it is not a JSON object: "} + x.what();
  }
  facts.tokens.input = (top.hundredths + 99) / 100;
  const auto speaks = route != surface::openai_embeddings
                      && route != surface::openai_moderations;
  if (speaks)
    facts.tokens.output
      = (top.limit > 0 ? top.limit : default_output) * top.choices;
  return facts;
}

} // namespace rota
