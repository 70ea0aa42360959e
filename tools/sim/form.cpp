#include "tools/sim/form.hpp"

#include <string>

namespace rota::sim {

namespace {

/// @returns What stands in quotes behind a mark; empty if there is none.
std::string_view quoted_behind(std::string_view text, std::string_view mark) {
  const auto at = text.find(mark);
  if (at == text.npos)
    return {};
  const auto rest = text.substr(at + mark.size());
  return rest.substr(0, rest.find('"'));
}

} // namespace

bool is_form(std::string_view content_type) {
  return content_type.starts_with("multipart/form-data");
}

std::vector<form_field> read_form(std::string_view content_type,
                                  std::string_view body) {
  constexpr std::string_view mark = "boundary=";
  std::vector<form_field> result;
  const auto at = content_type.find(mark);
  if (at == content_type.npos)
    return result;
  auto boundary = content_type.substr(at + mark.size());
  boundary = boundary.starts_with('"')
                 ? boundary.substr(1, boundary.find('"', 1) - 1)
                 : boundary.substr(0, boundary.find(';'));
  const auto fence = "--" + std::string{boundary};
  for (auto from = body.find(fence); from != body.npos;) {
    from += fence.size();
    const auto to = body.find("\r\n" + fence, from);
    if (to == body.npos)
      break;
    const auto part = body.substr(from, to - from);
    const auto head = part.find("\r\n\r\n");
    if (head != part.npos)
      result.push_back({quoted_behind(part.substr(0, head), " name=\""),
                        part.substr(head + 4)});
    from = to + 2;
  }
  return result;
}

} // namespace rota::sim
