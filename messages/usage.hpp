#pragma once

#include <compare>
#include <cstdint>

namespace rota {

enum class usage_source : uint8_t {
  /// The provider said so.
  upstream = 0,
  /// Nothing was said: counted by our estimate.
  estimated = 1,
  /// The answer broke off: what had been said until then.
  partial = 2,
};

enum class service_tier : uint8_t { standard = 0, flex, priority, batch };

/// What a call takes that is not counted in tokens.
struct unit_usage {
  int64_t images = 0;
  int64_t characters = 0;
  int64_t audio_ms = 0;
  /// Queries of a rerank; one is for up to a hundred documents.
  int64_t searches = 0;

  friend auto operator<=>(const unit_usage&, const unit_usage&) = default;
};

/// The normal form of what a call consumed, in tokens, disjoint but for
/// `reasoning`, which is a part of `output`.
struct usage {
  int64_t input_uncached = 0;
  int64_t cache_read = 0;
  int64_t cache_write_5m = 0;
  int64_t cache_write_1h = 0;
  int64_t output = 0;
  int64_t reasoning = 0;
  int64_t web_searches = 0;
  service_tier tier = service_tier::standard;
  /// Anthropic's `speed: fast` and `inference_geo: us` multiply the price.
  bool fast = false;
  bool us_only = false;
  usage_source source = usage_source::upstream;
  /// Of pictures and sound, which have prices of their own: parts of
  /// `input_uncached` and `output`.
  int64_t media_input = 0;
  int64_t media_output = 0;
  unit_usage units = {};

  /// All tokens on the input side; chooses the price band of long prompts.
  int64_t input_total() const {
    return input_uncached + cache_read + cache_write_5m + cache_write_1h;
  }

  friend auto operator<=>(const usage&, const usage&) = default;
};

/// Tokens a request will take, before the fact. `output` is an upper bound:
/// the caller's own maximum or the configured default.
struct token_estimate {
  int64_t input = 0;
  int64_t output = 0;

  int64_t total() const {
    return input + output;
  }
};

} // namespace rota
