#include "actors/domain/call_facts.hpp"

#include "actors/domain/header_text.hpp"
#include "actors/domain/json_reader.hpp"
#include "actors/domain/multipart.hpp"
#include "actors/domain/text_weight.hpp"
#include "messages/response_pin.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace rota {

namespace {

namespace dom = simdjson::dom;

constexpr int64_t image_output = 6'240;
constexpr int64_t image_input = 6'600;
constexpr int64_t tokens_per_character = 2;
constexpr int64_t tokens_per_second = 20;
constexpr int64_t bytes_per_second = 4'000;
constexpr int64_t documents_per_search = 100;

/// OpenAI draws ten at most; more are the provider's to refuse.
constexpr int64_t images_max = 1'000;

std::string_view default_model(surface x) {
  switch (x) {
    case surface::openai_moderations:
      return "omni-moderation-latest";
    case surface::openai_images:
    case surface::openai_image_edits:
      return "gpt-image-1";
    default:
      return {};
  }
}

/// What a request says of its pictures, speech or documents.
struct media_facts {
  int64_t count = 1;
  std::string_view quality;
  int64_t pictures = 0;
  int64_t documents = 0;
  std::string_view input;
  std::string_view recording;
};

/// Of one picture in the named quality, the largest format. Source: OpenAI's
/// guide to image generation.
int64_t tokens_of_quality(std::string_view x) {
  if (x == "low")
    return 408;
  return x == "medium" ? 1'584 : image_output;
}

int64_t characters_of(std::string_view utf8) {
  return std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  });
}

int64_t milliseconds_of(std::string_view recording) {
  uint32_t rate = 0;
  if (recording.starts_with("RIFF") && recording.size() > 44
      && recording.substr(8, 4) == "WAVE")
    std::memcpy(&rate, recording.data() + 28, sizeof(rate));
  const auto bytes = std::max(static_cast<int64_t>(rate), bytes_per_second);
  const auto size = static_cast<int64_t>(recording.size());
  return std::max<int64_t>((size * 1'000 + bytes - 1) / bytes, 1'000);
}

void add_units(surface route, const media_facts& x, request_facts& to) {
  auto& units = to.units;
  switch (route) {
    case surface::openai_images:
    case surface::openai_image_edits:
      units.images = std::clamp<int64_t>(x.count, 1, images_max);
      to.tokens.input += x.pictures * image_input;
      to.tokens.output = units.images * tokens_of_quality(x.quality);
      break;
    case surface::openai_speech:
      units.characters = characters_of(x.input);
      to.tokens.output = units.characters * tokens_per_character;
      break;
    case surface::openai_transcriptions: {
      units.audio_ms = milliseconds_of(x.recording);
      const auto heard = units.audio_ms * tokens_per_second / 1'000;
      to.tokens.input += heard;
      to.tokens.output = heard;
      break;
    }
    case surface::rerank:
      units.searches = std::max<int64_t>(
        1, (x.documents + documents_per_search - 1) / documents_per_search);
      break;
    default:
      break;
  }
}

/// Reads JSON that read_request has found well-formed.
void add_units_of_json(surface route, std::string_view body,
                       request_facts& to) {
  with_parser<dom::parser>(body.size(), [&](auto& parser) {
    dom::object root;
    if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS)
      return;
    media_facts x;
    for (const auto& [name, value] : root)
      if (int64_t n = 0; same_name(name, "n")
                         && value.get_int64().get(n) == simdjson::SUCCESS)
        x.count = std::max(x.count, n); // Anybody's guess which one counts.
    std::ignore = root["quality"].get_string().get(x.quality);
    std::ignore = root["input"].get_string().get(x.input);
    dom::array list;
    if (root["documents"].get_array().get(list) == simdjson::SUCCESS)
      x.documents = static_cast<int64_t>(list.size());
    if (root["images"].get_array().get(list) == simdjson::SUCCESS)
      x.pictures = static_cast<int64_t>(list.size());
    std::string_view format;
    if (root["stream_format"].get_string().get(format) == simdjson::SUCCESS)
      to.stream = to.stream || format == "sse";
    add_units(route, x, to);
  });
}

request_facts read_form(surface route, std::string_view content_type,
                        std::string_view body) {
  request_facts result;
  const auto parts = parse_form(content_type, body);
  if (!parts) {
    result.fault = "it is not the form that its content-type says";
    return result;
  }
  media_facts x;
  int64_t hundredths = 0;
  for (const auto& part : *parts) {
    const auto text = part.content;
    if (part.name == "file") {
      x.recording = text;
    } else if (part.is_file) {
      ++x.pictures;
    } else if (part.name == "model") {
      if (!result.model.empty())
        result.fault = "it names its model twice";
      else if (!simdjson::validate_utf8(text))
        result.fault = "its model is no UTF-8";
      result.model = text;
    } else if (part.name == "stream") {
      result.stream = text == "true";
    } else if (part.name == "quality") {
      x.quality = text;
    } else if (part.name == "n") {
      int64_t n = 0;
      std::from_chars(text.data(), text.data() + text.size(), n);
      x.count = std::max(x.count, n);
    } else if (part.name == "prompt") {
      hundredths += weigh_text(text, weights_of(route));
    }
  }
  result.tokens.input = (hundredths + 99) / 100;
  add_units(route, x, result);
  return result;
}

} // namespace

request_facts read_call(surface route, std::string_view content_type,
                        std::string_view body, int64_t default_output) {
  const auto takes_form = route == surface::openai_image_edits
                          || route == surface::openai_transcriptions;
  auto result = takes_form && is_form(content_type)
                  ? read_form(route, content_type, body)
                  : read_request(route, body, default_output);
  if (has_units(route) && !is_form(content_type) && result.fault.empty())
    add_units_of_json(route, body, result);
  if (result.model.empty())
    result.model = default_model(route);
  return result;
}

std::string response_id_of(std::string_view body) {
  return with_parser<dom::parser>(body.size(), [body](auto& parser) {
    dom::object root;
    std::string_view id;
    std::string_view object;
    if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS
        || root["object"].get_string().get(object) != simdjson::SUCCESS
        || !object.starts_with("response")
        || root["id"].get_string().get(id) != simdjson::SUCCESS
        || id.size() > response_id_max)
      return std::string{};
    return std::string{id};
  });
}

} // namespace rota
