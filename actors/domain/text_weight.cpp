#include "actors/domain/text_weight.hpp"

#include "actors/domain/byte_masks.hpp"

#include <array>
#include <bit>
#include <tuple>

namespace rota {

namespace {

constexpr weights openai_weights{102, 155, 85, 40, 268,     100,
                                 200, 212, 50, 42, 160'000, 1'600};
constexpr weights claude_weights{113, 163, 121, 40, 452,     126,
                                 282, 260, 89,  39, 480'000, 34'600};
constexpr weights gemini_weights{115, 280, 68,  38, 105,     120,
                                 250, 108, 115, 20, 160'000, 1'600};

/// A word of many letters is several tokens: one per so many.
constexpr int letters_per_token = 6;
constexpr int digits_per_token = 3;

enum kind : uint8_t { letter, digit, blank, newline, url_part, at_sign, other };

constexpr std::array url_parts{'/', ':', '?', '&', '=', ';', '#', '%'};

constexpr std::array<uint8_t, 128> kinds = [] {
  std::array<uint8_t, 128> result{};
  for (size_t i = 0; i < result.size(); ++i) {
    const auto c = static_cast<char>(i);
    result[i] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? letter
                : c >= '0' && c <= '9'                           ? digit
                : c == ' '                                       ? blank
                : c == '\n' || c == '\t' || c == '\r'            ? newline
                                                                 : other;
  }
  for (const char c : url_parts)
    result[static_cast<size_t>(c)] = url_part;
  result['@'] = at_sign;
  return result;
}();

/// Hundredths of a token for a character beyond ASCII.
int64_t weigh_character(uint32_t point, const weights& w) {
  const auto within = [point](uint32_t first, uint32_t last) {
    return point >= first && point <= last;
  };
  if (within(0x2e80, 0x9fff) || within(0xac00, 0xd7ff)
      || within(0xf900, 0xfaff) || within(0x20000, 0x3ffff))
    return w.cjk;
  if (point >= 0x1f000)
    return w.emoji;
  if (within(0x2200, 0x22ff) || within(0x2a00, 0x2aff))
    return w.math;
  return 100; // Letters of other scripts, at most a token each.
}

/// std::popcount, which is a call into a library where the instruction cannot
/// be assumed.
int ones(uint64_t x) {
  x -= x >> 1 & 0x5555555555555555;
  x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return static_cast<int>(x * 0x0101010101010101 >> 56);
}

/// One token for each run of ones in `x`, and one more for each `step` beyond
/// the first `step` of it.
int64_t tokens_of_runs(uint64_t x, int step) {
  auto in_run = x; // So is all of the `step` before it.
  for (int i = 0; i < step; ++i)
    in_run &= in_run << 1 & x;
  int64_t result = 0;
  for (auto at = x & ~(x << 1); at != 0; at = at << step & in_run)
    result += ones(at);
  return result;
}

/// Weighs ASCII in blocks, as far as that goes from `i` on. Runs are not torn:
/// the next block begins with the one that a block ends in.
int64_t weigh_blocks(std::string_view text, size_t& i, const weights& w) {
  int64_t result = 0;
  while (text.size() - i >= byte_block::size) {
    const byte_block block{text.data() + i};
    const auto letters = block.in_lower_case().within('a', 'z');
    const auto digits = block.within('0', '9');
    const auto last = letters >> 63 != 0 ? letters : digits;
    const auto torn = static_cast<size_t>(std::countl_one(last));
    if (torn == byte_block::size || block.beyond_ascii() != 0)
      return result;
    const auto taken = byte_block::size - torn;
    const auto mine = ~uint64_t{0} >> torn;
    const auto urls = std::apply(
      [&block](auto... cs) { return block.any_of(cs...); }, url_parts);
    const auto lines = block.any_of('\n', '\t', '\r');
    const auto blanks = block.any_of(' ');
    const auto ats = block.any_of('@');
    const auto known = letters | digits | urls | lines | blanks | ats;
    const auto count = [mine](uint64_t x) {
      return int64_t{ones(x & mine)};
    };
    result += w.word * tokens_of_runs(letters & mine, letters_per_token)
              + w.number * tokens_of_runs(digits & mine, digits_per_token)
              + w.space * count(blanks) + w.line * count(lines)
              + w.url * count(urls) + w.at * count(ats)
              + w.symbol * count(~known);
    i += taken;
  }
  return result;
}

} // namespace

const weights& weights_of(surface route) {
  switch (protocol_of(route)) {
    case protocol::anthropic:
      return claude_weights;
    case protocol::gemini:
      return gemini_weights;
    default:
      return openai_weights;
  }
}

int64_t weigh_text(std::string_view text, const weights& w) {
  int64_t result = 0;
  size_t plain_from = 0; // Where to look for a block again.
  for (size_t i = 0; i < text.size();) {
    if (i >= plain_from) {
      result += weigh_blocks(text, i, w);
      plain_from = i + byte_block::size;
      if (i == text.size())
        break;
    }
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      const auto size = c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u;
      uint32_t point = c & (0xffu >> (size + 1));
      for (size_t k = 1; k < size && i + k < text.size(); ++k)
        point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3f);
      result += weigh_character(point, w);
      i += size;
      continue;
    }
    const auto what = kinds[c];
    auto end = i + 1;
    if (what == letter || what == digit)
      while (end < text.size() && static_cast<unsigned char>(text[end]) < 0x80
             && kinds[static_cast<unsigned char>(text[end])] == what)
        ++end;
    const auto run = static_cast<int64_t>(end - i);
    switch (what) {
      case letter:
        result += w.word * ((run + letters_per_token - 1) / letters_per_token);
        break;
      case digit:
        result += w.number * ((run + digits_per_token - 1) / digits_per_token);
        break;
      case blank:
        result += w.space;
        break;
      case newline:
        result += w.line;
        break;
      case url_part:
        result += w.url;
        break;
      case at_sign:
        result += w.at;
        break;
      default:
        result += w.symbol;
    }
    i = end;
  }
  return result;
}

} // namespace rota
