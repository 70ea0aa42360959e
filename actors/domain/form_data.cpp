#include "actors/domain/form_data.hpp"

#include <algorithm>

namespace rota {

namespace {

using namespace std::string_view_literals;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same(std::string_view x, std::string_view lower_case) {
  return std::equal(x.begin(), x.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

std::string_view trimmed(std::string_view x) {
  while (!x.empty() && (x.front() == ' ' || x.front() == '\t'))
    x.remove_prefix(1);
  while (!x.empty() && (x.back() == ' ' || x.back() == '\t'))
    x.remove_suffix(1);
  return x;
}

/// Calls `f(name, value)` for each parameter of a header's value; quotes are
/// taken off, escapes stay.
template <class F>
void for_each_parameter(std::string_view x, F f) {
  auto at = x.find(';');
  while (at != std::string_view::npos) {
    x.remove_prefix(at + 1);
    const auto equals = x.find('=');
    if (equals == std::string_view::npos)
      return;
    const auto name = trimmed(x.substr(0, equals));
    x = trimmed(x.substr(equals + 1));
    if (x.starts_with('"')) {
      size_t end = 1;
      while (end < x.size() && x[end] != '"')
        end += x[end] == '\\' ? 2u : 1u;
      end = std::min(end, x.size());
      f(name, x.substr(1, end - 1));
      x.remove_prefix(end);
    } else {
      f(name, trimmed(x.substr(0, x.find(';'))));
    }
    at = x.find(';');
  }
}

/// Reads what a part's headers say.
void read_head(std::string_view head, form_part& to) {
  while (!head.empty()) {
    const auto end = std::min(head.find("\r\n"), head.size());
    const auto line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos
        || !same(trimmed(line.substr(0, colon)), "content-disposition"sv))
      continue;
    for_each_parameter(line.substr(colon + 1), [&](auto name, auto value) {
      if (same(name, "name"sv))
        to.name = value;
      else if (same(name, "filename"sv) || same(name, "filename*"sv))
        to.is_file = true;
    });
  }
}

} // namespace

std::optional<std::string> form_boundary(std::string_view content_type) {
  const auto kind = trimmed(content_type.substr(0, content_type.find(';')));
  if (!same(kind, "multipart/form-data"sv))
    return std::nullopt;
  std::optional<std::string> result;
  for_each_parameter(content_type, [&](auto name, auto value) {
    if (same(name, "boundary"sv) && !value.empty())
      result = value;
  });
  return result;
}

std::optional<form_part> next_form_part(std::string_view& body,
                                        std::string_view boundary) {
  const auto mark = "--" + std::string{boundary};
  const auto begin = body.find(mark);
  if (begin == std::string_view::npos)
    return std::nullopt;
  body.remove_prefix(begin + mark.size());
  const auto head_at = body.find("\r\n");
  if (body.starts_with("--") || head_at == std::string_view::npos)
    return std::nullopt;
  body.remove_prefix(head_at);
  const auto head_end = body.find("\r\n\r\n");
  const auto end = body.find("\r\n" + mark);
  if (head_end == std::string_view::npos || end == std::string_view::npos
      || head_end + 4 > end + 2)
    return std::nullopt;
  form_part result;
  read_head(body.substr(2, head_end < 2 ? 0 : head_end - 2), result);
  result.value = end < head_end + 4
                   ? std::string_view{}
                   : body.substr(head_end + 4, end - head_end - 4);
  body.remove_prefix(end + 2);
  return result;
}

} // namespace rota
