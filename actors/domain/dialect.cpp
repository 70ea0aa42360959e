#include "actors/domain/dialect.hpp"

#include "actors/domain/usage_scanner.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rota {

namespace {

constexpr uint32_t bit(surface x) {
  return 1u << static_cast<uint32_t>(x);
}

constexpr uint32_t chat = bit(surface::openai_chat);
constexpr uint32_t completions = bit(surface::openai_completions);
constexpr uint32_t responses = bit(surface::openai_responses);
constexpr uint32_t stored = bit(surface::openai_stored);
constexpr uint32_t compact = bit(surface::openai_compact);
constexpr uint32_t embeddings = bit(surface::openai_embeddings);
constexpr uint32_t moderations = bit(surface::openai_moderations);
constexpr uint32_t images = bit(surface::openai_images);
constexpr uint32_t edits = bit(surface::openai_image_edits);
constexpr uint32_t audio = bit(surface::openai_speech)
                           | bit(surface::openai_transcriptions);
constexpr uint32_t ranks = bit(surface::rerank);
constexpr uint32_t messages = bit(surface::anthropic_messages);
constexpr uint32_t messages_count = bit(surface::anthropic_count);
constexpr uint32_t gemini = bit(surface::gemini_generate)
                            | bit(surface::gemini_embed)
                            | bit(surface::gemini_count);

/// The paths of the surfaces that a line of a batch may want, in their order.
/// Base URLs never end in the version, for the upstream takes it away.
constexpr std::array<std::string_view, 7> paths{
  "/v1/chat/completions", "/v1/completions",  "/v1/responses",
  "/v1/embeddings",       "/v1/moderations",  "/v1/messages",
  "/v1beta/models/",
};

constexpr std::string_view generate = ":generateContent";

/// A model's name as one segment of a path (RFC 3986, 2.3).
std::string percent_encoded(std::string_view x) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  result.reserve(x.size());
  for (const char c : x) {
    const auto plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
                       || (c >= 'A' && c <= 'Z') || c == '-' || c == '.'
                       || c == '_' || c == '~';
    if (plain) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += {'%', digits[byte >> 4u], digits[byte & 15u]};
    }
  }
  return result;
}

/// Who makes a model, by its name; a relay where that says nothing.
provider vendor_of(std::string_view model) {
  constexpr std::array<std::pair<std::string_view, provider>, 14> names{{
    {"claude", provider::anthropic},  {"gemini", provider::gemini},
    {"deepseek", provider::deepseek}, {"kimi", provider::moonshot},
    {"moonshot", provider::moonshot}, {"gpt-", provider::openai},
    {"chatgpt-", provider::openai},   {"o1", provider::openai},
    {"o3", provider::openai},         {"o4", provider::openai},
    {"text-", provider::openai},      {"tts-", provider::openai},
    {"whisper-", provider::openai},   {"omni-", provider::openai},
  }};
  for (const auto& [begin, who] : names)
    if (model.starts_with(begin))
      return who;
  return provider::new_api;
}

/// Google names models with their collection, "models/x" or "tunedModels/x";
/// a bare name is a model.
std::string gemini_path(std::string_view model) {
  constexpr std::string_view plain = "models/";
  constexpr std::string_view tuned = "tunedModels/";
  if (model.starts_with(tuned))
    return "/v1beta/tunedModels/"
           + percent_encoded(model.substr(tuned.size()))
           + std::string{generate};
  if (model.starts_with(plain))
    model.remove_prefix(plain.size());
  return std::string{paths.back()} + percent_encoded(model)
         + std::string{generate};
}

bool has(const header_list& headers, std::string_view lower_name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& x) {
    return std::equal(x.first.begin(), x.first.end(), lower_name.begin(),
                      lower_name.end(), [](char a, char b) {
                        return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
                      });
  });
}

std::string path_of(provider who, const job& work) {
  if (work.route == surface::gemini_generate)
    return gemini_path(work.model);
  // DeepSeek serves it under its beta base only.
  if (who == provider::deepseek && work.route == surface::openai_completions)
    return "/beta/completions";
  const auto i = static_cast<size_t>(work.route);
  return i < paths.size() ? std::string{paths[i]} : std::string{};
}

} // namespace

uint32_t surfaces_of(provider who) {
  // Sources: the providers' API references; the route tables of new-api,
  // one-api and sub2api.
  switch (who) {
    case provider::openai:
      return chat | completions | responses | stored | compact | embeddings
             | moderations | images | edits | audio;
    case provider::anthropic:
      return messages | messages_count;
    case provider::gemini:
      return gemini;
    case provider::new_api: // Neither stored responses nor count_tokens.
      return chat | completions | responses | compact | embeddings
             | moderations | images | edits | audio | ranks | messages
             | gemini;
    case provider::one_api: // It answers edits with 501.
      return chat | completions | embeddings | moderations | images | audio;
    case provider::sub2api:
      return messages | messages_count | responses | gemini;
    case provider::anyrouter:
      return messages | chat | responses;
    case provider::deepseek:
      return chat | completions;
    case provider::openrouter: // Its responses are kept by nobody.
      return chat | completions | responses | embeddings | messages;
    case provider::moonshot:
      return chat;
    case provider::siliconflow:
      return chat | embeddings | images | audio | ranks;
  }
  return 0;
}

bool speaks(provider who, surface route) {
  return (surfaces_of(who) & bit(route)) != 0;
}

bool makes(provider who, surface route, std::string_view model) {
  const auto vendor = vendor_of(model);
  switch (who) {
    case provider::openrouter:
    case provider::siliconflow:
      return false;
    case provider::openai:
    case provider::anthropic:
    case provider::gemini:
    case provider::deepseek:
    case provider::moonshot:
      return vendor == who;
    default:
      break;
  }
  switch (protocol_of(route)) {
    case protocol::anthropic:
      return vendor == provider::anthropic;
    case protocol::gemini:
      return vendor == provider::gemini;
    default:
      return true;
  }
}

key_header key_header_of(provider who) {
  switch (who) {
    case provider::anthropic:
      return {"x-api-key", ""};
    case provider::gemini:
      return {"x-goog-api-key", ""};
    default:
      return {"authorization", "Bearer "};
  }
}

upstream_request compose(provider who, const job& work) {
  upstream_request x;
  x.path = path_of(who, work);
  if (!work.target.empty()) {
    // DeepSeek's other path has nothing else than the target's query.
    const auto beta = x.path.starts_with("/beta/");
    const auto query = std::min(work.target.find('?'), work.target.size());
    x.path = beta ? x.path + work.target.substr(query) : work.target;
    x.headers = work.headers;
  } else {
    x.headers = {{"content-type", "application/json"},
                 {"accept", "application/json"}};
  }
  x.method = work.method;
  if (protocol_of(work.route) == protocol::anthropic
      && !has(x.headers, "anthropic-version"))
    x.headers.emplace_back("anthropic-version", "2023-06-01");
  x.body = work.body;
  return x;
}

std::optional<usage> read_usage(surface route, std::string_view body) {
  usage_scanner scanner{route};
  scanner.feed(body);
  scanner.finish();
  return scanner.result();
}

std::string request_id_of(const upstream_outcome& x) {
  constexpr size_t length_max = 200;
  for (const auto name : {"x-request-id", "request-id", "x-oneapi-request-id"})
    if (const auto value = x.header(name); !value.empty())
      return std::string{value.substr(0, length_max)};
  return {};
}

} // namespace rota
