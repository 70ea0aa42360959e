#include "tools/sim/call.hpp"

#include "tools/sim/form.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace rota::sim {

namespace {

using simdjson::dom::element;

struct fixed_route {
  std::string_view path;
  surface is;
  bool post;
};

constexpr auto fixed_routes = std::to_array<fixed_route>({
    {"/v1/chat/completions", surface::chat, true},
    {"/v1/completions", surface::completions, true},
    {"/v1/responses", surface::responses, true},
    {"/v1/responses/compact", surface::compact, true},
    {"/v1/embeddings", surface::embeddings, true},
    {"/v1/moderations", surface::moderations, true},
    {"/v1/images/generations", surface::images, true},
    {"/v1/images/edits", surface::image_edits, true},
    {"/v1/images/variations", surface::image_edits, true},
    {"/v1/audio/speech", surface::speech, true},
    {"/v1/audio/transcriptions", surface::transcriptions, true},
    {"/v1/audio/translations", surface::transcriptions, true},
    {"/v1/rerank", surface::rerank, true},
    {"/v1/messages", surface::messages, true},
    {"/v1/messages/count_tokens", surface::count_tokens, true},
    {"/v1/models", surface::models, false},
    {"/v1beta/models", surface::gemini_models, false},
    {"/api/user/self", surface::user_self, false},
    {"/api/usage/token/", surface::token_usage, false},
    {"/v1/dashboard/billing/subscription", surface::subscription, false},
    {"/dashboard/billing/subscription", surface::subscription, false},
    {"/v1/dashboard/billing/usage", surface::billing_usage, false},
    {"/dashboard/billing/usage", surface::billing_usage, false},
    {"/api/status", surface::status, false},
});

/// Walks what a request says to the model.
struct text_walk {
  int64_t bytes = 0;
  std::string_view last;

  void visit(std::string_view key, const element& x) {
    std::string_view text;
    simdjson::dom::array items;
    simdjson::dom::object fields;
    if (!x.get_string().get(text)) {
      bytes += static_cast<int64_t>(text.size());
      if (key == "content" || key == "text" || key == "input"
          || key == "prompt")
        last = text;
    } else if (!x.get_array().get(items)) {
      for (const auto child : items)
        visit(key, child);
    } else if (!x.get_object().get(fields)) {
      for (const auto field : fields)
        visit(field.key, field.value);
    }
  }
};

std::string_view text_at(const element& x, std::string_view key) {
  std::string_view result;
  return x[key].get_string().get(result) == simdjson::SUCCESS
             ? result
             : std::string_view{};
}

bool flag_at(const element& x, std::string_view key) {
  bool result = false;
  return x[key].get_bool().get(result) == simdjson::SUCCESS && result;
}

void read_limit(const element& x, std::string_view key, int64_t& out) {
  int64_t result = 0;
  if (x[key].get_int64().get(result) == simdjson::SUCCESS && result >= 0)
    out = result;
}

/// What must be there for a model to have something to do.
std::string_view required_field(surface x) {
  switch (x) {
    case surface::completions:
    case surface::images:
      return "prompt";
    case surface::gemini_embed:
      return "content";
    case surface::gemini_embed_batch:
      return "requests";
    case surface::rerank:
      return "documents";
    case surface::responses:
    case surface::compact:
    case surface::speech:
    case surface::embeddings:
    case surface::moderations:
      return "input";
    case surface::gemini_generate:
    case surface::gemini_stream:
    case surface::gemini_count:
      return "contents";
    default:
      return "messages";
  }
}

constexpr int64_t bytes_per_second = 32'000;

int64_t number_of(std::string_view text) {
  int64_t result = 1;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

/// Reads a form of pictures or a recording.
void read_form_into(call& x, std::string_view content_type,
                    std::string_view body) {
  int64_t text = 0;
  for (const auto& [name, value] : read_form(content_type, body)) {
    const auto size = static_cast<int64_t>(value.size());
    if (name == "model")
      x.model = value;
    else if (name == "prompt")
      text = size;
    else if (name == "n")
      x.images = number_of(value);
    else if (name == "stream")
      x.stream = value == "true";
    else if (name == "response_format")
      x.response_format = value;
    else if (name == "file")
      x.seconds = (size + bytes_per_second - 1) / bytes_per_second;
    else if (name == "image" || name == "image[]")
      ++x.pictures;
  }
  x.input_tokens = std::max<int64_t>(1, (text + 3) / 4);
  if (x.is == surface::transcriptions && x.seconds == 0)
    x.fault = "file: Field required";
  else if (x.is == surface::image_edits && x.pictures == 0)
    x.fault = "image: Field required";
  else if (x.model.empty())
    x.fault = "you must provide a model parameter";
}

/// Reads what only some surfaces have.
void read_media(const element& root, call& x) {
  std::string_view spoken;
  if (x.is == surface::speech && !root["input"].get_string().get(spoken))
    x.characters = std::count_if(spoken.begin(), spoken.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    });
  simdjson::dom::array list;
  if (!root["documents"].get_array().get(list))
    x.documents = static_cast<int64_t>(list.size());
  if (!root["requests"].get_array().get(list))
    x.inputs = static_cast<int64_t>(list.size());
  read_limit(root, "n", x.images);
  x.response_format = text_at(root, "response_format");
  x.stream = x.stream || text_at(root, "stream_format") == "sse";
  x.previous = text_at(root, "previous_response_id");
  bool store = true;
  x.store = root["store"].get_bool().get(store) || store;
}

} // namespace

struct call_parser::impl {
  simdjson::dom::parser json;
};

call_parser::call_parser() : impl_{std::make_unique<impl>()} {
  // nop
}

call_parser::~call_parser() = default;

call call_parser::parse(const route& where, std::string_view content_type,
                        std::string_view body) {
  call result;
  result.is = where.is;
  if (is_form(content_type)) {
    read_form_into(result, content_type, body);
    return result;
  }
  element root;
  if (impl_->json.parse(body.data(), body.size()).get(root)
      || !root.is_object()) {
    result.fault = "The body is not a JSON object.";
    return result;
  }
  result.model = where.model.empty() ? text_at(root, "model") : where.model;
  result.stream = where.is == surface::gemini_stream || flag_at(root, "stream");
  element options;
  if (!root["stream_options"].get(options))
    result.include_usage = flag_at(options, "include_usage");
  for (const auto key :
       {"max_tokens", "max_completion_tokens", "max_output_tokens"})
    read_limit(root, key, result.tokens_max);
  element generation;
  if (!root["generationConfig"].get(generation))
    read_limit(generation, "maxOutputTokens", result.tokens_max);
  text_walk walk;
  for (const auto key : {"system", "instructions", "systemInstruction", "tools",
                         "messages", "contents", "input", "prompt", "content",
                         "requests", "query", "documents"}) {
    element x;
    if (!root[key].get(x))
      walk.visit(key, x);
  }
  result.last_text = walk.last;
  result.input_tokens = std::max<int64_t>(1, (walk.bytes + 3) / 4);
  result.base64 = text_at(root, "encoding_format") == "base64";
  simdjson::dom::array inputs;
  if (!root["input"].get_array().get(inputs))
    result.inputs = static_cast<int64_t>(inputs.size());
  read_media(root, result);
  element metadata;
  if (!root["metadata"].get(metadata))
    result.marker = simdjson::minify(metadata);
  if (result.model.empty() && where.is == surface::moderations)
    result.model = "omni-moderation-latest";
  const auto required = required_field(where.is);
  if (result.model.empty())
    result.fault = "you must provide a model parameter";
  else if (element x; root[required].get(x))
    result.fault = std::string{required} + ": Field required";
  return result;
}

route route_of(std::string_view path) {
  for (const auto& x : fixed_routes)
    if (x.path == path)
      return {x.is, {}, x.post, {}, {}};
  if (path.starts_with("/sim/"))
    return {surface::admin, {}, false, {}, {}};
  constexpr std::string_view kept = "/v1/responses/";
  if (path.starts_with(kept)) {
    const auto rest = path.substr(kept.size());
    const auto slash = std::min(rest.find('/'), rest.size());
    return {surface::stored_response, {}, false, rest.substr(0, slash),
            rest.substr(slash)};
  }
  constexpr std::string_view gemini = "/v1beta/models/";
  if (!path.starts_with(gemini))
    return {};
  const auto rest = path.substr(gemini.size());
  const auto colon = rest.rfind(':');
  if (colon == 0 || colon == rest.npos)
    return {};
  const auto model = rest.substr(0, colon);
  const auto verb = rest.substr(colon + 1);
  if (verb == "generateContent")
    return {surface::gemini_generate, model, true, {}, {}};
  if (verb == "streamGenerateContent")
    return {surface::gemini_stream, model, true, {}, {}};
  if (verb == "countTokens")
    return {surface::gemini_count, model, true, {}, {}};
  if (verb == "embedContent")
    return {surface::gemini_embed, model, true, {}, {}};
  if (verb == "batchEmbedContents")
    return {surface::gemini_embed_batch, model, true, {}, {}};
  return {};
}

bool is_paid(surface x) {
  switch (x) {
    case surface::chat:
    case surface::completions:
    case surface::responses:
    case surface::embeddings:
    case surface::messages:
    case surface::gemini_generate:
    case surface::gemini_stream:
    case surface::gemini_embed:
    case surface::gemini_embed_batch:
    case surface::images:
    case surface::image_edits:
    case surface::speech:
    case surface::transcriptions:
    case surface::rerank:
    case surface::compact:
      return true;
    default:
      return false;
  }
}

bool is_anthropic(surface x) {
  return x == surface::messages || x == surface::count_tokens;
}

bool is_gemini(surface x) {
  return x == surface::gemini_generate || x == surface::gemini_stream
         || x == surface::gemini_count || x == surface::gemini_models
         || x == surface::gemini_embed || x == surface::gemini_embed_batch;
}

} // namespace rota::sim
