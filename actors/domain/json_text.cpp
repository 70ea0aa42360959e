#include "actors/domain/json_text.hpp"

#include "actors/domain/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace rota {

namespace {

/// Longer numbers may be more than 64 bits hold.
constexpr size_t short_number_max = 18;

bool is_of_number(char c) {
  return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'
         || c == 'e' || c == 'E';
}

/// Where a JSON number that begins here ends; 0 if there is none.
size_t number_end(std::string_view x) {
  const auto digits = [x](size_t from) {
    return std::min(x.find_first_not_of("0123456789", from), x.size());
  };
  const auto minus = size_t{x.starts_with('-')};
  auto end = digits(minus);
  if (end == minus || (x[minus] == '0' && end > minus + 1))
    return 0;
  if (end < x.size() && x[end] == '.') {
    const auto behind = digits(end + 1);
    if (behind == end + 1)
      return 0;
    end = behind;
  }
  if (end < x.size() && (x[end] == 'e' || x[end] == 'E')) {
    auto from = end + 1;
    if (from < x.size() && (x[from] == '+' || x[from] == '-'))
      ++from;
    end = digits(from);
    if (end == from)
      return 0;
  }
  return end;
}

} // namespace

bool is_json(std::string_view text) {
  return with_parser<simdjson::dom::parser>(text.size(), [text](auto& parser) {
    return parser.parse(text.data(), text.size()).error()
           == simdjson::SUCCESS;
  });
}

std::optional<std::string_view> member_object(std::string_view object,
                                              std::string_view name) {
  using result = std::optional<std::string_view>;
  return with_parser<json_reader>(object.size(), [=](auto& reader) -> result {
    simdjson::ondemand::document document;
    simdjson::ondemand::object member;
    std::string_view raw;
    if (reader.read(object).get(document) != simdjson::SUCCESS
        || document.find_field_unordered(name).get_object().get(member)
             != simdjson::SUCCESS
        || member.raw_json().get(raw) != simdjson::SUCCESS)
      return std::nullopt;
    return trimmed(object.substr(reader.offset_of(raw), raw.size()));
  });
}

std::string on_one_line(std::string_view json) {
  std::string result{json};
  for (const char end : {'\n', '\r'}) // There is mostly none.
    for (auto i = result.find(end); i != result.npos; i = result.find(end, i))
      result[i] = ' ';
  return result;
}

std::string with_short_numbers(std::string_view json) {
  std::string result;
  result.reserve(json.size());
  auto in_text = false;
  for (size_t i = 0; i < json.size();) {
    const auto c = json[i];
    const auto begins = !in_text
                        && (i == 0 || !is_of_number(json[i - 1]));
    const auto end = begins ? number_end(json.substr(i)) : 0;
    const auto huge = end > 0
                      && (end > short_number_max
                          || json.substr(i, end).find_first_of("eE")
                               != std::string_view::npos);
    if (huge)
      result += '0';
    else
      result += json.substr(i, std::max(end, size_t{1}));
    i += std::max(end, size_t{1});
    if (c == '"')
      in_text = !in_text;
    else if (c == '\\' && in_text && i < json.size())
      result += json[i++];
  }
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

std::string_view document_in(std::string_view body) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  body = trimmed(body);
  return body.starts_with(byte_order_mark)
           ? trimmed(body.substr(byte_order_mark.size()))
           : body;
}

} // namespace rota
