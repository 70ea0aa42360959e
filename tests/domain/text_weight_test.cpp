// The weight of a text, against a character by character count.

#include "actors/domain/text_weight.hpp"
#include "tests/support/catch.hpp"

#include <random>
#include <string>

using namespace rota;

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Of ASCII: one pass, one character at a time.
int64_t counted(std::string_view text, const weights& w) {
  int64_t result = 0;
  size_t run = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = text[i];
    const auto before = i == 0 ? '\0' : text[i - 1];
    if (is_letter(c)) {
      run = is_letter(before) ? run + 1 : 0;
      result += run % 6 == 0 ? w.word : 0;
    } else if (is_digit(c)) {
      run = is_digit(before) ? run + 1 : 0;
      result += run % 3 == 0 ? w.number : 0;
    } else if (c == ' ') {
      result += w.space;
    } else if (c == '\n' || c == '\t' || c == '\r') {
      result += w.line;
    } else if (std::string_view{"/:?&=;#%"}.find(c) != std::string_view::npos) {
      result += w.url;
    } else {
      result += c == '@' ? w.at : w.symbol;
    }
  }
  return result;
}

} // namespace

TEST_CASE("a text weighs what its characters do", "[estimate]") {
  const auto& w = weights_of(surface::anthropic_messages);
  std::minstd_rand random{17};
  const auto below = [&random](size_t n) { return random() % n; };
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    // Runs of letters and digits, short and long, between everything else.
    while (text.size() < 1 + below(400))
      switch (below(4)) {
        case 0:
          text.append(below(9) == 0 ? below(150) : below(9),
                      static_cast<char>('a' + below(26)));
          break;
        case 1:
          text.append(below(9) == 0 ? below(150) : below(5), '7');
          break;
        default:
          text += static_cast<char>(below(128));
      }
    INFO(text);
    REQUIRE(weigh_text(text, w) == counted(text, w));
  }
}

TEST_CASE("characters beyond ASCII weigh what they do alone", "[estimate]") {
  const auto& w = weights_of(surface::openai_chat);
  std::minstd_rand random{18};
  const std::vector<std::pair<std::string, int64_t>> strange{
    {"\u4e2d", w.cjk}, {"\U0001f600", w.emoji}, {"\u2211", w.math},
    {"\u00e9", 100}};
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    int64_t weight = 0;
    for (auto left = random() % 20; left > 0; --left) {
      std::string plain;
      for (auto n = random() % 100; n > 0; --n)
        plain += static_cast<char>(random() % 128);
      const auto& [bytes, each] = strange[random() % strange.size()];
      text += plain + bytes;
      weight += counted(plain, w) + each;
    }
    REQUIRE(weigh_text(text, w) == weight);
  }
}
