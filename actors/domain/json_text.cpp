#include "actors/domain/json_text.hpp"

#include <nlohmann/json.hpp>
#include <simdjson.h>

namespace rota {

namespace {

/// A parser grows with its largest document and keeps that; larger ones than
/// this get one of their own.
constexpr size_t kept_bytes = 4u << 20;

simdjson::error_code check(simdjson::dom::parser& parser,
                           std::string_view text) {
  return parser.parse(text.data(), text.size()).error();
}

/// On-demand parsing reads beyond the end, so it gets a copy with room behind.
struct reader {
  simdjson::ondemand::parser parser;
  std::string copy;

  std::optional<std::string_view> find(std::string_view object,
                                       std::string_view name) {
    copy.reserve(object.size() + simdjson::SIMDJSON_PADDING);
    copy.assign(object);
    simdjson::ondemand::document document;
    simdjson::ondemand::object member;
    std::string_view raw;
    const simdjson::padded_string_view padded{copy.data(), copy.size(),
                                              copy.capacity()};
    if (parser.iterate(padded).get(document) != simdjson::SUCCESS
        || document.find_field_unordered(name).get_object().get(member)
             != simdjson::SUCCESS
        || member.raw_json().get(raw) != simdjson::SUCCESS)
      return std::nullopt;
    const auto at = static_cast<size_t>(raw.data() - copy.data());
    return trimmed(object.substr(at, raw.size()));
  }
};

} // namespace

bool is_json(std::string_view text) {
  if (text.size() > kept_bytes) {
    simdjson::dom::parser own;
    return check(own, text) == simdjson::SUCCESS;
  }
  thread_local simdjson::dom::parser parser;
  return check(parser, text) == simdjson::SUCCESS;
}

std::optional<std::string_view> member_object(std::string_view object,
                                              std::string_view name) {
  if (object.size() > kept_bytes) {
    reader own;
    return own.find(object, name);
  }
  thread_local reader kept;
  return kept.find(object, name);
}

std::string on_one_line(std::string_view json) {
  std::string result{json};
  for (const char end : {'\n', '\r'}) // There is mostly none.
    for (auto i = result.find(end); i != result.npos; i = result.find(end, i))
      result[i] = ' ';
  return result;
}

std::string json_string(std::string_view text) {
  using json = nlohmann::json;
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string_view head_of(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max)
    return text;
  auto size = bytes_max;
  const auto inside = [&] {
    return (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80;
  };
  for (auto i = 0; i < 3 && size > 0 && inside(); ++i)
    --size;
  return text.substr(0, inside() ? bytes_max : size);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto from = text.find_first_not_of(blanks);
  if (from == std::string_view::npos)
    return text.substr(0, 0); // Parsers want an address even of nothing.
  return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

} // namespace rota
