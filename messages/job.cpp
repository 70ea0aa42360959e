#include "messages/job.hpp"

#include <array>

namespace rota {

namespace {

constexpr std::array<const char*, 11> provider_names{
  "openai",    "anthropic", "gemini",     "new_api",  "one_api",     "sub2api",
  "anyrouter", "deepseek",  "openrouter", "moonshot", "siliconflow",
};

} // namespace

std::string to_string(provider x) {
  return provider_names.at(static_cast<size_t>(x));
}

std::optional<provider> parse_provider(std::string_view text) {
  for (size_t i = 0; i < provider_names.size(); ++i)
    if (text == provider_names[i])
      return static_cast<provider>(i);
  return std::nullopt;
}

std::string to_string(delivery x) {
  return x == delivery::at_most_once ? "at_most_once" : "at_least_once";
}

std::optional<delivery> parse_delivery(std::string_view text) {
  for (const auto x : {delivery::at_least_once, delivery::at_most_once})
    if (text == to_string(x))
      return x;
  return std::nullopt;
}

} // namespace rota
