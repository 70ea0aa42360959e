#pragma once

#include "tools/sim/call.hpp"
#include "tools/sim/options.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rota::sim {

/// What a model says, before any protocol spells it.
struct answer {
  tokens used;
  /// The answer ended since it reached the request's limit.
  bool cut = false;
  std::string text;
  /// The parts of `text` as a stream brings them.
  std::vector<std::string_view> parts;
  /// The hash of the request, which all that is drawn depends on.
  uint64_t subject = 0;
  /// 16 hexadecimal digits for ids; differs from call to call.
  std::string id;
  /// Seconds since 1970.
  int64_t created = 0;
};

/// Makes up an answer. The same seed and body give the same tokens and text.
/// @param subject The hash of the body.
/// @param by What it costs decides what is counted: tokens, or units.
answer make_answer(const call& x, const reply_options& how, const prices& by,
                   uint64_t seed, uint64_t subject);

/// The type of a whole answer's body.
std::string_view type_of(const call& x);

/// Spells a whole answer as its surface does.
std::string spell(const call& x, const answer& y, const reply_options& how);

/// Spells an answer as a stream.
/// @param sse Gemini: whether as events or as one array.
void spell_stream(const call& x, const answer& y, bool sse, http_reply& out);

/// Spells a list of models: OpenAI's form, Anthropic's, or Gemini's.
std::string spell_models(surface is, const std::vector<std::string>& models,
                         bool anthropic);

/// Draws a duration.
microseconds draw_delay(const delay_options& x, uint64_t bits);

} // namespace rota::sim
