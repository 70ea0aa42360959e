#pragma once

#include "messages/surface.hpp"

#include <cstdint>
#include <string_view>

namespace rota {

/// Tokens per unit of text in hundredths, without a tokenizer. The figures are
/// the ones that relays charge by when a provider says nothing. `image` is what
/// the largest common picture takes, `tools` the prompt that a provider adds as
/// soon as there are tools (Anthropic documents 346 tokens).
struct weights {
  int64_t word, number, cjk, symbol, math, url, at, emoji, line, space;
  int64_t image, tools;
};

const weights& weights_of(surface route);

/// Hundredths of a token for a text.
int64_t weigh_text(std::string_view text, const weights& w);

} // namespace rota
