#include "actors/domain/api_route.hpp"

#include "actors/domain/header_text.hpp"
#include "actors/domain/json_text.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

namespace rota {

namespace {

using namespace std::string_view_literals;

std::optional<std::string> percent_decoded(std::string_view x) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string result;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] != '%') {
      result += x[i];
      continue;
    }
    const auto high = i + 2 < x.size() ? digit(x[i + 1]) : -1;
    const auto low = i + 2 < x.size() ? digit(x[i + 2]) : -1;
    if (high < 0 || low < 0)
      return std::nullopt;
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return result;
}

/// What a path names as a model, percent-decoded. It is passed on as it came,
/// so nothing that leads elsewhere is a name, and records must be able to say
/// it.
std::optional<std::string> model_named(std::string_view text) {
  auto result = percent_decoded(text);
  if (!result || result->empty() || !simdjson::validate_utf8(*result)
      || std::any_of(result->begin(), result->end(), [](unsigned char c) {
           return c < 0x20 || c == 0x7f;
         }))
    return std::nullopt;
  for (std::string_view rest = *result; !rest.empty();) {
    const auto segment = rest.substr(0, rest.find('/'));
    if (segment == "." || segment == "..")
      return std::nullopt;
    rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
  }
  return result;
}

struct gemini_verb {
  std::string_view name;
  surface route;
  bool stream = false;
};

constexpr std::array gemini_verbs{
  gemini_verb{":generateContent", surface::gemini_generate},
  gemini_verb{":streamGenerateContent", surface::gemini_generate, true},
  gemini_verb{":countTokens", surface::gemini_count},
  gemini_verb{":embedContent", surface::gemini_embed},
  gemini_verb{":batchEmbedContents", surface::gemini_embed},
};

/// "/v1beta/models/x:generateContent" and its like.
std::optional<api_route> gemini_route(std::string_view path) {
  for (const auto version : {"/v1beta/"sv, "/v1/"sv})
    for (const auto collection : {"models/"sv, "tunedModels/"sv}) {
      auto rest = path;
      if (!rest.starts_with(version))
        continue;
      rest.remove_prefix(version.size());
      if (!rest.starts_with(collection))
        continue;
      const auto verb = std::find_if(
        gemini_verbs.begin(), gemini_verbs.end(),
        [&](const auto& x) { return rest.ends_with(x.name); });
      if (verb == gemini_verbs.end())
        continue;
      rest.remove_suffix(verb->name.size());
      if (collection == "models/"sv)
        rest.remove_prefix(collection.size());
      const auto model = model_named(rest);
      if (!model)
        return std::nullopt;
      api_route result;
      result.what = api_call::generate;
      result.route = verb->route;
      result.model = *model;
      result.stream = verb->stream;
      return result;
    }
  return std::nullopt;
}

struct fixed_route {
  std::string_view path;
  surface route;
};

constexpr std::array fixed_routes{
  fixed_route{"/v1/chat/completions", surface::openai_chat},
  fixed_route{"/v1/completions", surface::openai_completions},
  fixed_route{"/v1/responses", surface::openai_responses},
  fixed_route{"/v1/responses/compact", surface::openai_compact},
  fixed_route{"/v1/embeddings", surface::openai_embeddings},
  fixed_route{"/v1/moderations", surface::openai_moderations},
  fixed_route{"/v1/images/generations", surface::openai_images},
  fixed_route{"/v1/images/edits", surface::openai_image_edits},
  fixed_route{"/v1/images/variations", surface::openai_image_edits},
  fixed_route{"/v1/audio/speech", surface::openai_speech},
  fixed_route{"/v1/audio/transcriptions", surface::openai_transcriptions},
  fixed_route{"/v1/audio/translations", surface::openai_transcriptions},
  fixed_route{"/v1/rerank", surface::rerank},
  fixed_route{"/v1/messages", surface::anthropic_messages},
  fixed_route{"/v1/messages/count_tokens", surface::anthropic_count},
};

/// GET and DELETE /v1/responses/{id}, GET .../input_items, POST .../cancel.
std::optional<api_route> stored_route(std::string_view method,
                                      std::string_view path) {
  constexpr auto collection = "/v1/responses/"sv;
  if (!path.starts_with(collection))
    return std::nullopt;
  auto rest = path.substr(collection.size());
  const auto slash = rest.find('/');
  const auto verb = slash == rest.npos ? ""sv : rest.substr(slash);
  const auto id = percent_decoded(rest.substr(0, slash));
  if (!id || id->empty()
      || (verb != "" && verb != "/cancel" && verb != "/input_items"))
    return std::nullopt;
  const auto good = verb == "/cancel" ? method == "POST"
                    : verb == ""      ? method == "GET" || method == "DELETE"
                                      : method == "GET";
  api_route result;
  result.what = good ? api_call::stored : api_call::wrong_method;
  result.route = surface::openai_stored;
  result.response = *id;
  result.deletes = method == "DELETE";
  result.allowed = verb == "/cancel" ? "POST" : verb == "" ? "GET, DELETE"
                                                           : "GET";
  return result;
}

/// The list of models, and each of them.
std::optional<api_route> models_route(std::string_view method,
                                      std::string_view path) {
  for (const auto collection : {"/v1/models"sv, "/v1beta/models"sv}) {
    if (!path.starts_with(collection))
      continue;
    const auto reads = method == "GET" || method == "HEAD";
    const auto rest = path.substr(collection.size());
    api_route result;
    result.what = reads ? api_call::list_models : api_call::wrong_method;
    result.allowed = "GET, HEAD";
    if (rest.empty())
      return result;
    auto model = reads && rest.front() == '/' ? model_named(rest.substr(1))
                                              : std::nullopt;
    if (!model)
      return std::nullopt;
    result.what = api_call::show_model;
    result.model = std::move(*model);
    return result;
  }
  return std::nullopt;
}

/// Each client is refused in the protocol that its path or headers show.
surface protocol_of(std::string_view path, const header_list& headers) {
  if (path.starts_with("/v1beta/")
      || !header_of(headers, "x-goog-api-key").empty())
    return surface::gemini_generate;
  if (path.starts_with("/v1/messages")
      || !header_of(headers, "anthropic-version").empty())
    return surface::anthropic_messages;
  return surface::openai_chat;
}

bool concerns_connection(std::string_view name) {
  constexpr std::array names{
    "connection"sv,        "keep-alive"sv,          "proxy-authenticate"sv,
    "proxy-authorization"sv, "proxy-connection"sv,  "te"sv,
    "trailer"sv,           "transfer-encoding"sv,   "upgrade"sv,
    "content-length"sv,    "host"sv,                "expect"sv,
  };
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_private(std::string_view name) {
  constexpr std::array names{
    "authorization"sv,       "x-api-key"sv,      "x-goog-api-key"sv,
    "cookie"sv,              "accept-encoding"sv, "openai-organization"sv,
    "openai-project"sv,      "x-forwarded-for"sv, "x-forwarded-host"sv,
    "x-forwarded-proto"sv,   "x-real-ip"sv,       "forwarded"sv,
    "api-key"sv,
  };
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Whether a comma-separated list has that (lower case) word.
bool lists(std::string_view list, std::string_view word) {
  constexpr auto blanks = " \t"sv;
  while (!list.empty()) {
    auto each = list.substr(0, list.find(','));
    list.remove_prefix(std::min(each.size() + 1, list.size()));
    each.remove_prefix(std::min(each.find_first_not_of(blanks), each.size()));
    if (same_name(each.substr(0, each.find_last_not_of(blanks) + 1), word))
      return true;
  }
  return false;
}

/// Whether Connection headers add a (lower case) name to those that concern
/// the connection.
bool named_by_connection(const header_list& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [name](const auto& x) {
    return same_name(x.first, "connection") && lists(x.second, name);
  });
}

/// Calls `f(part)` for each part of a query.
template <class F>
void for_each_part(std::string_view query, F f) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    f(query.substr(0, end));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

} // namespace

api_route route_of(std::string_view method, std::string_view target,
                   const header_list& headers) {
  const auto path = target.substr(0, target.find('?'));
  api_route result;
  result.route = protocol_of(path, headers);
  if (auto gemini = gemini_route(path)) {
    gemini->allowed = "POST";
    if (method != "POST")
      gemini->what = api_call::wrong_method;
    return *gemini;
  }
  if (auto models = models_route(method, path)) {
    models->route = result.route;
    return *models;
  }
  for (const auto& x : fixed_routes)
    if (x.path == path) {
      result.route = x.route;
      result.allowed = "POST";
      result.what = method == "POST" ? api_call::generate
                    : !header_of(headers, "upgrade").empty()
                      ? api_call::upgrade
                      : api_call::wrong_method;
      return result;
    }
  if (auto stored = stored_route(method, path)) {
    if (path.size() < target.size())
      for_each_part(target.substr(path.size() + 1), [&](auto part) {
        stored->stream = stored->stream || part == "stream=true";
      });
    return *stored;
  }
  return result;
}

header_list forwarded_headers(const header_list& headers) {
  header_list result;
  result.reserve(headers.size());
  for (const auto& x : headers) {
    auto name = x.first;
    to_lower(name);
    if (!concerns_connection(name) && !is_private(name)
        && !named_by_connection(headers, name))
      result.push_back(x);
  }
  return result;
}

std::string forwarded_target(std::string_view target) {
  const auto mark = target.find('?');
  std::string result{target.substr(0, mark)};
  if (mark == std::string_view::npos)
    return result;
  auto joint = '?';
  for_each_part(target.substr(mark + 1), [&](std::string_view part) {
    if (part.starts_with("key="))
      return;
    result += std::exchange(joint, '&');
    result += part;
  });
  return result;
}

std::vector<std::string> credentials_of(std::string_view target,
                                        const header_list& headers) {
  constexpr auto scheme = "bearer "sv;
  std::vector<std::string> result;
  if (const auto x = header_of(headers, "authorization");
      begins_like(x, scheme))
    result.emplace_back(trimmed(x.substr(scheme.size())));
  for (const auto name : {"x-api-key"sv, "api-key"sv, "x-goog-api-key"sv})
    result.emplace_back(header_of(headers, name));
  if (const auto mark = target.find('?'); mark != std::string_view::npos)
    for_each_part(target.substr(mark + 1), [&](std::string_view part) {
      if (part.starts_with("key="))
        result.push_back(percent_decoded(part.substr(4)).value_or(""));
    });
  std::erase(result, "");
  result.resize(std::min<size_t>(result.size(), 5)); // A hash each.
  return result;
}

header_list returned_headers(const header_list& headers) {
  constexpr std::array names{
    "content-type"sv,     "request-id"sv,           "openai-version"sv,
    "content-language"sv, "openai-processing-ms"sv,
  };
  header_list result;
  for (const auto& x : headers)
    if (std::find(names.begin(), names.end(), x.first) != names.end())
      result.push_back(x);
    else if (x.first == "x-request-id"sv)
      result.emplace_back("x-upstream-request-id", x.second);
  return result;
}

bool is_request_id(std::string_view text) {
  constexpr size_t length_max = 128;
  return !text.empty() && text.size() <= length_max
         && std::all_of(text.begin(), text.end(), [](char c) {
              return (c >= '0' && c <= '9')
                     || (lower(c) >= 'a' && lower(c) <= 'z')
                     || "-_.:"sv.find(c) != std::string_view::npos;
            });
}

} // namespace rota
