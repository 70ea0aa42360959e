#pragma once

#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// A regular expression (ECMAScript, ASCII letters of either case) that is
/// compiled once. Alternatives of plain words, which most are, are searched
/// for without std::regex, which takes a microsecond a word.
class text_pattern {
public:
  /// std::regex goes one frame deeper with each byte, so longer texts are cut.
  static constexpr size_t text_max = 4'096;

  /// @throws std::regex_error if it is no regular expression.
  explicit text_pattern(const std::string& pattern);

  /// @param text In lower case, at most `text_max` bytes.
  bool matches(std::string_view text) const;

  /// @returns What a group holds where the pattern matches; groups count from
  /// 1.
  std::optional<std::string> group(std::string_view text, int number) const;

  /// The text as the other functions want it.
  static std::string prepared(std::string_view text);

private:
  std::vector<std::string> words_;
  std::optional<std::regex> regex_;
};

} // namespace rota
