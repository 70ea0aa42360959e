#include "actors/domain/multipart.hpp"

#include "actors/domain/header_text.hpp"

#include <algorithm>
#include <string>

namespace rota {

namespace {

/// A form of more parts is none that a provider reads.
constexpr size_t parts_max = 1'024;

constexpr std::string_view line_end = "\r\n";

std::string_view trimmed_left(std::string_view x) {
  const auto i = x.find_first_not_of(" \t");
  return i == x.npos ? std::string_view{} : x.substr(i);
}

/// A parameter of a header: `; name=value` or `; name="value"`.
std::optional<std::string_view> parameter(std::string_view header,
                                          std::string_view name) {
  for (auto i = header.find(';'); i != header.npos;) {
    auto rest = trimmed_left(header.substr(i + 1));
    const auto is_it = begins_like(rest, name)
                       && rest.substr(name.size()).starts_with('=');
    if (is_it) {
      rest.remove_prefix(name.size() + 1);
      if (!rest.starts_with('"'))
        return rest.substr(0, rest.find_first_of("; \t"));
      return rest.substr(1, rest.find('"', 1) - 1);
    }
    // On to the next semicolon that stands outside of quotes.
    auto quoted = false;
    for (++i; i < header.size() && (quoted || header[i] != ';'); ++i)
      quoted = quoted != (header[i] == '"');
    if (i >= header.size())
      break;
  }
  return std::nullopt;
}

/// Reads the head of a part.
std::optional<form_part> part_of(std::string_view head) {
  constexpr std::string_view disposition = "content-disposition:";
  while (!head.empty()) {
    const auto end = std::min(head.find(line_end), head.size());
    const auto line = head.substr(0, end);
    head.remove_prefix(std::min(end + line_end.size(), head.size()));
    if (!begins_like(line, disposition))
      continue;
    const auto name = parameter(line, "name");
    if (!name)
      return std::nullopt;
    return form_part{*name, {}, parameter(line, "filename").has_value()};
  }
  return std::nullopt;
}

} // namespace

bool is_form(std::string_view content_type) {
  return begins_like(content_type, "multipart/form-data");
}

std::optional<std::vector<form_part>> parse_form(std::string_view content_type,
                                                 std::string_view body) {
  const auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty())
    return std::nullopt;
  const auto first = "--" + std::string{*boundary};
  const auto next = std::string{line_end} + first;
  auto at = body.starts_with(first) ? 0 : body.find(next);
  if (at == body.npos)
    return std::nullopt;
  at += at == 0 && body.starts_with(first) ? first.size() : next.size();
  std::vector<form_part> result;
  while (!body.substr(at).starts_with("--")) {
    at = body.find(line_end, at); // Blanks may stand behind a boundary.
    const auto end = at == body.npos ? at : body.find("\r\n\r\n", at);
    if (end == body.npos || result.size() == parts_max)
      return std::nullopt;
    auto part = part_of(body.substr(at + 2, end - std::min(end, at + 2)));
    const auto begin = end + 4;
    // An empty content ends with the line end of its head.
    const auto stop = body.find(next, begin - 2);
    if (!part || stop == body.npos)
      return std::nullopt;
    part->content = body.substr(begin, stop - std::min(stop, begin));
    result.push_back(*part);
    at = stop + next.size();
  }
  return result;
}

} // namespace rota
