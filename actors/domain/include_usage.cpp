#include "actors/domain/include_usage.hpp"

namespace rota {

std::optional<std::string> ask_for_usage(std::string_view body) {
  constexpr std::string_view wish =
      "\"stream_options\":{\"include_usage\":true},";
  const auto open = body.find_first_not_of(" \t\r\n");
  if (open == std::string_view::npos || body[open] != '{')
    return std::nullopt;
  const auto next = body.find_first_not_of(" \t\r\n", open + 1);
  if (next == std::string_view::npos || body[next] != '"')
    return std::nullopt;
  std::string result;
  result.reserve(body.size() + wish.size());
  result += body.substr(0, open + 1);
  result += wish;
  result += body.substr(open + 1);
  return result;
}

bool refuses_asking(int status, std::string_view body) {
  return (status == 400 || status == 422)
         && (body.find("stream_options") != std::string_view::npos
             || body.find("include_usage") != std::string_view::npos);
}

} // namespace rota
