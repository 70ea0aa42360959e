#include "messages/record.hpp"

#include <array>
#include <charconv>

namespace rota {

namespace {

constexpr std::array<const char*, 5> outcomes{
  "succeeded", "failed", "refused", "client_left", "stopped",
};

constexpr std::string_view prefix = "req_";

template <class T>
bool take_number(std::string_view& from, T& to) {
  const auto [end, err]
    = std::from_chars(from.data(), from.data() + from.size(), to);
  if (err != std::errc{})
    return false;
  from.remove_prefix(static_cast<size_t>(end - from.data()));
  return true;
}

} // namespace

std::string to_string(const request_id& x) {
  return std::string{prefix} + std::to_string(x.run) + '_'
         + std::to_string(x.item);
}

std::optional<request_id> parse_request_id(std::string_view text) {
  if (!text.starts_with(prefix))
    return std::nullopt;
  text.remove_prefix(prefix.size());
  request_id result;
  if (!take_number(text, result.run) || !text.starts_with('_'))
    return std::nullopt;
  text.remove_prefix(1);
  if (!take_number(text, result.item) || !text.empty())
    return std::nullopt;
  return result;
}

std::string to_string(request_outcome x) {
  return outcomes.at(static_cast<size_t>(x));
}

money in_doubt(const usage_record& x) {
  money result;
  for (const auto& attempt : x.attempts)
    if (attempt.in_doubt())
      result += attempt.hold;
  return result;
}

} // namespace rota
