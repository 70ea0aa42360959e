#include "actors/domain/estimate.hpp"

#include "actors/domain/exact_json.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace rota {

namespace {

namespace od = simdjson::ondemand;

/// Tokens per unit of text in hundredths, without a tokenizer. The figures are
/// the ones that relays charge by when a provider says nothing. `image` is what
/// the largest common picture takes, `tools` the prompt that a provider adds as
/// soon as there are tools (Anthropic documents 346 tokens).
struct weights {
  int64_t word, number, cjk, symbol, math, url, at, emoji, line, space;
  int64_t image, tools;
};

constexpr weights openai_weights{102, 155, 85, 40, 268,     100,
                                 200, 212, 50, 42, 160'000, 1'600};
constexpr weights claude_weights{113, 163, 121, 40, 452,     126,
                                 282, 260, 89,  39, 480'000, 34'600};
constexpr weights gemini_weights{115, 280, 68,  38, 105,     120,
                                 250, 108, 115, 20, 160'000, 1'600};

/// A word of many letters is several tokens: one per so many.
constexpr int64_t letters_per_token = 6;

constexpr int64_t per_message = 400; // Role and separators, in hundredths.
constexpr int64_t per_tool = 900;    // Its frame in the prompt.
constexpr int64_t per_key = 100;     // Schemas of tools repeat their keys.
constexpr int64_t per_token = 100;   // In lists that are tokens already.
constexpr int64_t priming = 300;
constexpr size_t inline_data_least = 256;

/// No request is as deep; one that is would exhaust the stack.
constexpr int depth_max = 128;

/// Absurd figures are the provider's to refuse; here they must not overflow.
constexpr int64_t tokens_most = 1'000'000'000;

/// Buffers that a large request has left behind are given back.
constexpr size_t buffer_kept = 4'194'304;

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
  const auto within = [point](uint32_t first, uint32_t last) {
    return point >= first && point <= last;
  };
  if (within(0x2e80, 0x9fff) || within(0xac00, 0xd7ff)
      || within(0xf900, 0xfaff) || within(0x20000, 0x3ffff))
    return w.cjk;
  if (point >= 0x1f000)
    return w.emoji;
  if (within(0x2200, 0x22ff) || within(0x2a00, 0x2aff))
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

/// Whether a string stands for a picture or file: its bytes, or its address.
bool is_picture(std::string_view key, std::string_view text) {
  if (text.starts_with("data:"))
    return true;
  if (key == "data" || key == "file_data" || key == "b64_json")
    return text.size() >= inline_data_least;
  return key == "image_url" || key == "file_uri" || key == "fileUri"
         || key == "file_id"
         || (key == "url" && text.starts_with("http"));
}

/// Too deep; leaves the walk.
struct too_deep {};

/// Weighs a JSON value in hundredths of a token.
class scale {
public:
  explicit scale(const weights& w) : w_{w} {
    // nop
  }

  int64_t weigh(od::value value, std::string_view key) {
    switch (const od::json_type type = value.type(); type) {
      case od::json_type::string: {
        const std::string_view text = value.get_string();
        return is_picture(key, text) ? w_.image : count(text, w_);
      }
      case od::json_type::number:
        value.raw_json_token();
        return w_.number;
      case od::json_type::array:
        return weigh_list(value.get_array(), key);
      case od::json_type::object:
        return weigh_members(value.get_object());
      default:
        return w_.word;
    }
  }

private:
  int64_t weigh_list(od::array list, std::string_view key) {
    enter();
    const auto is_input = key == "input" || key == "prompt";
    const auto frame
      = is_input || key == "messages" || key == "contents" ? per_message
        : key == "tools"                                   ? per_tool
                                                           : 0;
    int64_t result = 0;
    for (od::value x : list) {
      const od::json_type type = x.type();
      if (is_input && type == od::json_type::number) {
        x.raw_json_token();
        result += per_token;
      } else if (is_input && type == od::json_type::array) {
        result += frame + weigh_list(x.get_array(), key);
      } else {
        result += frame + weigh(x, key);
      }
    }
    --depth_;
    return result;
  }

  int64_t weigh_members(od::object members) {
    enter();
    int64_t result = 0;
    for (auto field : members) {
      const std::string_view name = field.unescaped_key();
      result += per_key + weigh(field.value(), name);
    }
    --depth_;
    return result;
  }

  void enter() {
    if (++depth_ > depth_max)
      throw too_deep{};
  }

  const weights& w_;
  int depth_ = 0;
};

/// A count that a caller wrote, in any spelling of a JSON number.
int64_t count_of(od::value value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ')
    token.remove_suffix(1);
  if (token.starts_with('-'))
    return 0;
  return std::min(parse_units(token, 0).value_or(tokens_most), tokens_most);
}

bool names_limit(std::string_view key) {
  return key == "max_tokens" || key == "max_completion_tokens"
         || key == "max_output_tokens" || key == "maxOutputTokens";
}

bool names_choices(std::string_view key) {
  return key == "n" || key == "candidateCount" || key == "candidate_count";
}

/// Reads the top of a request.
class reader {
public:
  reader(const weights& w, request_facts& facts)
    : w_{w}, scale_{w}, facts_{facts} {
    // nop
  }

  void member(std::string_view key, od::value value) {
    const od::json_type type = value.type();
    if (key == "model" && type == od::json_type::string)
      facts_.model = std::string_view{value.get_string()};
    else if (key == "stream" && type == od::json_type::boolean)
      facts_.stream = value.get_bool();
    else if ((key == "generationConfig" || key == "generation_config")
             && type == od::json_type::object)
      for (auto field : value.get_object()) {
        const std::string_view name = field.unescaped_key();
        setting(name, field.value());
      }
    else
      setting(key, value);
  }

  int64_t input() const {
    return (hundredths_ + 99) / 100;
  }

  int64_t output(int64_t fallback) const {
    const auto each = std::min(limit_ > 0 ? limit_ : fallback, tokens_most);
    return std::min(each * std::clamp(choices_, int64_t{1}, int64_t{1'000}),
                    tokens_most);
  }

private:
  void setting(std::string_view key, od::value value) {
    const od::json_type type = value.type();
    if (names_limit(key) && type == od::json_type::number)
      limit_ = std::max(limit_, count_of(value));
    else if (names_choices(key) && type == od::json_type::number)
      choices_ = count_of(value);
    else
      hundredths_ += scale_.weigh(value, key)
                     + (key == "tools" ? w_.tools : 0);
  }

  const weights& w_;
  scale scale_;
  request_facts& facts_;
  int64_t hundredths_ = priming;
  int64_t limit_ = 0;
  int64_t choices_ = 1;
};

} // namespace

request_facts read_request(surface route, std::string_view body,
                           int64_t default_output) {
  thread_local od::parser parser;
  thread_local std::string padded;
  request_facts facts;
  padded.resize(body.size() + simdjson::SIMDJSON_PADDING);
  std::memcpy(padded.data(), body.data(), body.size());
  reader top{weights_of(route), facts};
  try {
    auto document
      = parser.iterate(padded.data(), body.size(), padded.size());
    od::object object = document.get_object();
    for (auto field : object) {
      const std::string_view key = field.unescaped_key();
      top.member(key, field.value());
    }
    if (document.current_location().error() == simdjson::SUCCESS)
      facts.fault = "something follows its JSON object";
  } catch (const simdjson::simdjson_error& x) {
    facts.fault = std::string{"it is not a JSON object: "} + x.what();
  } catch (const too_deep&) {
    facts.fault = "it nests deeper than " + std::to_string(depth_max)
                  + " levels";
  }
  if (padded.capacity() > buffer_kept) {
    padded = {};
    parser = od::parser{};
  }
  facts.tokens.input = top.input();
  if (route != surface::openai_embeddings
      && route != surface::openai_moderations)
    facts.tokens.output = top.output(default_output);
  return facts;
}

} // namespace rota
