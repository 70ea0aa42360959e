#include "actors/domain/text_pattern.hpp"

#include "actors/domain/json_text.hpp"

#include <algorithm>

namespace rota {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Letters outside of classes and escapes: "\D" is not "\d".
std::string lowered(const std::string& pattern) {
  auto result = pattern;
  for (size_t i = 0; i < result.size(); ++i)
    if (result[i] == '\\')
      ++i;
    else
      result[i] = lower(result[i]);
  return result;
}

/// @returns The alternatives of a pattern that has nothing else to it; empty
/// if it has.
std::vector<std::string> plain_words(const std::string& pattern) {
  std::vector<std::string> result(1);
  for (size_t i = 0; i < pattern.size(); ++i) {
    auto c = pattern[i];
    if (c == '|') {
      result.emplace_back();
      continue;
    }
    if (c == '\\') {
      if (++i == pattern.size())
        return {};
      c = pattern[i];
      // An escaped sign means itself; an escaped letter means something.
      if (std::string_view{"^$\\.*+?()[]{}|/-"}.find(c)
          == std::string_view::npos)
        return {};
    } else if (std::string_view{"^$.*+?()[]{}"}.find(c)
               != std::string_view::npos) {
      return {};
    }
    result.back() += lower(c);
  }
  const auto empty = [](const auto& x) { return x.empty(); };
  if (std::any_of(result.begin(), result.end(), empty))
    return {};
  return result;
}

} // namespace

text_pattern::text_pattern(const std::string& pattern)
  : words_{plain_words(pattern)} {
  if (words_.empty())
    regex_.emplace(lowered(pattern),
                   std::regex::ECMAScript | std::regex::optimize);
}

bool text_pattern::matches(std::string_view text) const {
  if (regex_)
    return std::regex_search(text.begin(), text.end(), *regex_);
  return std::any_of(words_.begin(), words_.end(), [&](const auto& x) {
    return text.find(x) != std::string_view::npos;
  });
}

std::optional<std::string> text_pattern::group(std::string_view text,
                                               int number) const {
  std::match_results<std::string_view::const_iterator> found;
  if (!regex_ || !std::regex_search(text.begin(), text.end(), found, *regex_)
      || static_cast<size_t>(number) >= found.size())
    return std::nullopt;
  return found[static_cast<size_t>(number)].str();
}

std::string text_pattern::prepared(std::string_view text) {
  std::string result{head_of(text, text_max)};
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

} // namespace rota
