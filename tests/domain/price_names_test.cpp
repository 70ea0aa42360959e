// Which price a model's name finds.

#include "tests/domain/price_tables.hpp"

using namespace rota;

TEST_CASE("the built-in table names what users call", "[pricing]") {
  const auto [asked, name] = GENERATE(table<std::string, std::string>({
    {"gpt-5-mini", "gpt-5-mini"},
    {"openai/gpt-5-mini", "gpt-5-mini"},
    {"openrouter/openai/gpt-5-mini", "gpt-5-mini"},
    {"models/gemini-2.5-pro", "gemini-2.5-pro"},
    {"gpt-5-mini-2025-08-07", "gpt-5-mini"},
    {"claude-sonnet-4-5-20250929", "claude-sonnet-4-5"},
    {"claude-sonnet-4-5@20250929", "claude-sonnet-4-5"},
    {"claude-sonnet-4-5-20250929-thinking", "claude-sonnet-4-5"},
    {"claude-sonnet-4-5[1m]", "claude-sonnet-4-5"},
    {"claude-opus-5-5-latest", "claude-opus-5-5"},
    {"gpt-5-high", "gpt-5"},
    {"gpt-5-mini-low", "gpt-5-mini"},
    {"gpt-6-sol-medium", "gpt-6-sol"},
    {"anthropic/claude-haiku-4-5-20251001-thinking", "claude-haiku-4-5"},
    {"gpt-5-mini-search-preview", "gpt-5-mini"}, // By prefix.
    {"gpt-4o-audio", "gpt-4o"},
    {"claude-3-haiku-20240307", "claude-3-haiku-20240307"}, // Not stripped.
    {"anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"},
    {"openrouter/anthropic/claude-opus-4.8-20260401", "claude-opus-4-8"},
    {"claude-opus-4.8-thinking", "claude-opus-4-8"},
    {"gpt-4-1-mini", "gpt-4.1-mini"},
    {"deepseek-v4-flash", "deepseek-flash"},
    {"deepseek/deepseek-v4-flash", "deepseek-flash"},
    {"gemini-3.7-flash", "gemini-3.6-flash"},
    {"models/gemini-3-7-flash-latest", "gemini-3.6-flash"},
  }));
  INFO(asked);
  const auto found = built_in().find(asked);
  CHECK(found.name == name);
  CHECK_FALSE(found.unknown);
}

TEST_CASE("a price that is known by a name's beginning says so", "[pricing]") {
  const auto [asked, by_prefix] = GENERATE(table<std::string, bool>({
    {"gpt-5", false},
    {"gpt-5-2025-08-07", false},
    {"gpt-5-pro", true},
    {"openai/gpt-5.9", true},
    {"claude-opus-4.8-foo", true},
    {"deepseek-v4-flash", false},
    {"deepseek-v4-flash:free", true},
    {"gpt-5-mini-search-preview", true},
  }));
  INFO(asked);
  const auto found = built_in().find(asked);
  CHECK_FALSE(found.unknown);
  CHECK(found.by_prefix == by_prefix);
  CHECK(built_in().knows(asked) != by_prefix);
}

TEST_CASE("a table of routers' names serves all who sell the same model",
          "[pricing]") {
  auto x = table_of(R"({
    "openrouter/anthropic/claude-sonnet-4.5":
      {"input_cost_per_token": 3e-6, "output_cost_per_token": 15e-6},
    "other/claude-sonnet-4-5":
      {"input_cost_per_token": 4e-6, "output_cost_per_token": 16e-6},
    "azure/gpt-5": {"input_cost_per_token": 2e-6},
    "azure/gpt-5-2025-08-07": {"input_cost_per_token": 9e-6},
    "gpt-5": {"input_cost_per_token": 1e-6, "x_aliases": ["best", "gpt-5.0"]},
    "other": {"input_cost_per_token": 5e-6}})");
  const auto found = [&x](std::string_view name) {
    return std::string{x.find(name).name};
  };
  CHECK(found("anthropic/claude-sonnet-4-5")
        == "openrouter/anthropic/claude-sonnet-4.5");
  CHECK(found("openrouter/anthropic/claude-sonnet-4-5-20250929")
        == "openrouter/anthropic/claude-sonnet-4.5");
  CHECK(found("claude-sonnet-4.5") == "other/claude-sonnet-4-5"); // The dearer.
  CHECK(found("claude-sonnet-4.5-beta") == "other/claude-sonnet-4-5");
  CHECK(x.find("claude-sonnet-4.5-beta").by_prefix);
  // The maker's own name comes before another's tail.
  CHECK(found("gpt-5-2025-08-07") == "gpt-5");
  CHECK(found("azure/gpt-5") == "azure/gpt-5");
  CHECK(found("best") == "gpt-5");
  CHECK(found("router/gpt-5-0") == "gpt-5");
  // What people wrote counts before what the file says, but no name is bent.
  x.alias("best", "router/other");
  x.alias("gpt-5", "other");
  CHECK(found("best") == "other");
  CHECK(found("best-latest") == "other");
  CHECK(found("gpt-5") == "gpt-5");
  CHECK(x.knows("best"));
  CHECK_FALSE(x.knows("worst"));
  CHECK_FALSE(x.knows("other-worse"));
}
