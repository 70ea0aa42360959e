#pragma once

#include <string>

namespace rota {

/// A simulator that plays OpenAI, with two accounts.
inline const std::string vendors = R"(
style: openai
prices:
  gpt-5-mini: {input: 0.25, output: 2, cache_read: 0.025}
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 20.00}
)";

} // namespace rota
