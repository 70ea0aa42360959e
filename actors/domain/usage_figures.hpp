#pragma once

#include "messages/job.hpp"
#include "messages/usage.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rota {

/// The figures of a usage object as its provider spells them; one name here
/// for all spellings of one meaning.
class usage_figures {
public:
  usage_figures() {
    clear();
  }

  void clear() {
    counts_.fill(unsaid);
  }

  /// Takes a number of a usage object. Unknown names and anything that is no
  /// number, such as `null`, say nothing.
  /// @param parent The member of the usage object that holds this one, or
  /// empty.
  void take(std::string_view parent, std::string_view name,
            std::string_view number);

  /// Takes an entry of a list that the usage object holds: a pass that
  /// Anthropic's server made beside the message (`iterations`), the tokens of a
  /// modality (Gemini's `...Details`). Unknown lists and labels say nothing.
  void add(std::string_view list, std::string_view label,
           const usage_figures& entry);

  /// Whether any figure is above zero.
  bool some() const;

  /// Those of `x` that are above zero replace the ones here.
  void complete(const usage_figures& x);

  /// Those that `x` says replace the ones here, zeros too. A prompt of which
  /// all is zero was not counted and says nothing, for no call has none.
  void overwrite(const usage_figures& x);

  /// The tokens in normal form. Sources: the type definitions of the SDKs of
  /// OpenAI (cached tokens are a part of the prompt), Anthropic (they are
  /// not) and Google (thoughts stand beside the candidates). Nothing where
  /// all figures are zero, for no call takes nothing, and where one is beyond
  /// belief. Where a call is not counted in tokens, what it is counted in
  /// stands in `units`.
  std::optional<usage> tokens(surface route) const;

  enum class figure : uint8_t {
    prompt, completion, input, output, cached, cache_hit, cache_write,
    cache_total, cache_read, write_5m, write_1h, reasoning, web_searches,
    gemini_prompt, gemini_cached, gemini_candidates, gemini_thoughts,
    gemini_tools, audio_in, image_in, audio_out, image_out, total, audio_ms,
    searches, entry_tokens, audio_cached, pass_input, pass_read, pass_5m,
    pass_1h, pass_output, count,
  };

private:
  static constexpr int64_t unsaid = -1;

  int64_t get(figure x) const;
  bool says(figure x) const;
  void increase(figure x, int64_t by);
  int64_t first_of(figure x, figure y) const;
  usage of_openai(bool responses) const;
  usage of_anthropic() const;
  int64_t short_writes() const;
  usage of_gemini() const;
  void add_media(surface route, usage& x) const;

  std::array<int64_t, static_cast<size_t>(figure::count)> counts_;
};

} // namespace rota
