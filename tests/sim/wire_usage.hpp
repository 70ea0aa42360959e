#pragma once

#include "tools/sim/money.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string>
#include <vector>

// Reads back what the simulator spells, as a caller would: by the documented
// form of each protocol.

namespace rota {

/// The payloads of an event stream's `data` lines.
inline std::vector<std::string> sse_data(const std::string& text) {
  std::vector<std::string> result;
  for (size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    if (end == std::string::npos)
      throw std::runtime_error{"a line of a stream does not end"};
    auto line = text.substr(at, end - at);
    if (line.ends_with('\r'))
      line.pop_back();
    if (line.starts_with("data: "))
      result.push_back(line.substr(6));
    else if (!line.empty() && !line.starts_with("event: "))
      throw std::runtime_error{"no line of a stream: " + line};
    at = end + 1;
  }
  return result;
}

inline sim::tokens openai_usage(const nlohmann::json& x) {
  const auto& details = x.at("prompt_tokens_details");
  sim::tokens result;
  result.cache_read = details.at("cached_tokens");
  result.cache_write_5m = details.value("cache_write_tokens", int64_t{0});
  result.input = x.at("prompt_tokens").get<int64_t>() - result.cache_read
                 - result.cache_write_5m;
  result.output = x.at("completion_tokens");
  result.reasoning = x.at("completion_tokens_details").at("reasoning_tokens");
  return result;
}

inline sim::tokens responses_usage(const nlohmann::json& x) {
  const auto& details = x.at("input_tokens_details");
  sim::tokens result;
  result.cache_read = details.at("cached_tokens");
  result.cache_write_5m = details.at("cache_write_tokens");
  result.input = x.at("input_tokens").get<int64_t>() - result.cache_read
                 - result.cache_write_5m;
  result.output = x.at("output_tokens");
  result.reasoning = x.at("output_tokens_details").at("reasoning_tokens");
  return result;
}

inline sim::tokens anthropic_usage(const nlohmann::json& x) {
  sim::tokens result;
  result.input = x.at("input_tokens");
  result.cache_read = x.at("cache_read_input_tokens");
  const auto& split = x.at("cache_creation");
  result.cache_write_5m = split.at("ephemeral_5m_input_tokens");
  result.cache_write_1h = split.at("ephemeral_1h_input_tokens");
  if (x.at("cache_creation_input_tokens")
      != result.cache_write_5m + result.cache_write_1h)
    throw std::runtime_error{"cache_creation does not add up"};
  result.output = x.at("output_tokens");
  return result;
}

inline sim::tokens gemini_usage(const nlohmann::json& x) {
  sim::tokens result;
  result.cache_read = x.value("cachedContentTokenCount", int64_t{0});
  result.input = x.at("promptTokenCount").get<int64_t>() - result.cache_read;
  result.reasoning = x.value("thoughtsTokenCount", int64_t{0});
  result.output =
      x.value("candidatesTokenCount", int64_t{0}) + result.reasoning;
  if (x.at("totalTokenCount") != result.prompt() + result.output)
    throw std::runtime_error{"totalTokenCount does not add up"};
  return result;
}

} // namespace rota
