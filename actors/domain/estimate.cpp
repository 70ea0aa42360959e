#include "actors/domain/estimate.hpp"

#include "actors/domain/exact_json.hpp"
#include "actors/domain/header_text.hpp"
#include "actors/domain/json_reader.hpp"
#include "actors/domain/text_weight.hpp"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <utility>

namespace rota {

namespace {

namespace od = simdjson::ondemand;

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

/// Whether a text begins like bytes in base64, and is too long for a word.
bool is_base64(std::string_view text) {
  constexpr size_t looked_at = 512;
  return text.size() > looked_at
         && std::all_of(text.begin(), text.begin() + looked_at, [](char c) {
              return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
                     || (c >= 'A' && c <= 'Z') || c == '+' || c == '/';
            });
}

/// Whether a string stands for a picture or file: its bytes, or its address.
bool is_picture(std::string_view key, std::string_view text) {
  if (text.starts_with("data:"))
    return true;
  if (key == "data" || key == "file_data" || key == "b64_json")
    return text.size() >= inline_data_least;
  if (key == "result") // Of an image_generation_call, given back as input.
    return is_base64(text);
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
        return is_picture(key, text) ? w_.image : weigh_text(text, w_);
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

/// Whether a provider may take a key for one of these names. Relays in Go do
/// not tell "Max_Tokens" from "max_tokens", nor the letters that Unicode folds
/// to k and s, and go by the later: what is held goes by the largest.
bool names(std::string_view key, std::initializer_list<std::string_view> list) {
  const auto is_listed = [&list](std::string_view x) {
    return std::any_of(list.begin(), list.end(),
                       [x](auto name) { return same_name(x, name); });
  };
  if (key.find_first_of("\xc5\xe2") == std::string_view::npos)
    return is_listed(key);
  std::string folded{key};
  for (const auto& [letter, plain] :
       {std::pair{"\u017f", "s"}, std::pair{"\u212a", "k"}})
    for (size_t i = 0; (i = folded.find(letter)) != std::string::npos;)
      folded.replace(i, std::strlen(letter), plain);
  return is_listed(folded);
}

bool names_limit(std::string_view key) {
  return names(key, {"max_tokens", "max_completion_tokens",
                     "max_output_tokens", "maxoutputtokens"});
}

/// Completions are charged for the best_of that are made, not the n returned.
bool names_choices(std::string_view key) {
  return names(key, {"n", "best_of", "candidatecount", "candidate_count"});
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
    models_ += same_name(key, "model");
    if (key == "model" && type == od::json_type::string)
      facts_.model = std::string_view{value.get_string()};
    else if (key == "stream" && type == od::json_type::boolean)
      facts_.stream = value.get_bool();
    else if (key == "background" && type == od::json_type::boolean)
      facts_.background = value.get_bool();
    else if (key == "store" && type == od::json_type::boolean)
      facts_.stored = value.get_bool();
    else if (key == "previous_response_id" && type == od::json_type::string)
      facts_.previous = std::string_view{value.get_string()};
    else if (names(key, {"generationconfig", "generation_config"})
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

  /// Some providers' JSON libraries do not tell "Model" from "model", and which
  /// of two counts is anybody's guess: none may be smuggled past our rules.
  bool is_ambiguous() const {
    return models_ > 1;
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
      choices_ = std::max(choices_, count_of(value));
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
  int models_ = 0;
};

/// Whether the answer has tokens of its own.
bool has_output(surface x) {
  return x != surface::openai_embeddings && x != surface::openai_moderations
         && x != surface::gemini_embed && x != surface::rerank
         && x != surface::openai_speech && !is_free(x);
}

} // namespace

request_facts read_request(surface route, std::string_view body,
                           int64_t default_output) {
  request_facts facts;
  reader top{weights_of(route), facts};
  with_parser<json_reader>(body.size(), [&](auto& json) {
    try {
      auto document = json.read(body);
      od::object object = document.get_object();
      for (auto field : object) {
        const std::string_view key = field.unescaped_key();
        top.member(key, field.value());
      }
      if (document.current_location().error() == simdjson::SUCCESS)
        facts.fault = "something follows its JSON object";
      else if (top.is_ambiguous())
        facts.fault = "it names its model twice";
    } catch (const simdjson::simdjson_error& x) {
      std::string_view why = x.what(); // Some of them are sentences.
      why.remove_suffix(why.ends_with('.'));
      facts.fault = "it is not a JSON object: " + std::string{why};
    } catch (const too_deep&) {
      facts.fault = "it nests deeper than " + std::to_string(depth_max)
                    + " levels";
    }
  });
  facts.tokens.input = top.input();
  if (has_output(route))
    facts.tokens.output = top.output(default_output);
  return facts;
}

} // namespace rota
