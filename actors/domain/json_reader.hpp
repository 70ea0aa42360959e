#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

namespace rota {

/// Reads JSON on demand (simdjson). That reads beyond the end, so it gets a
/// copy of the text with room behind.
class json_reader {
public:
  /// @returns A document that lives until the next call.
  simdjson::simdjson_result<simdjson::ondemand::document>
  read(std::string_view text) {
    copy_.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    copy_.assign(text);
    return parser_.iterate(simdjson::padded_string_view{
      copy_.data(), copy_.size(), copy_.capacity()});
  }

  /// Where a piece of the document stands in the text.
  size_t offset_of(std::string_view piece) const {
    return static_cast<size_t>(piece.data() - copy_.data());
  }

private:
  simdjson::ondemand::parser parser_;
  std::string copy_;
};

/// A parser grows with its largest document and keeps that memory; a larger
/// text than this gets a parser of its own.
inline constexpr size_t parser_kept_bytes = 4u << 20;

/// Calls `f` with a parser for texts of that size: the same one for each call
/// from this place and thread, or a new one for large texts.
template <class Parser, class F>
auto with_parser(size_t text_size, F f) {
  if (text_size > parser_kept_bytes) {
    Parser own;
    return f(own);
  }
  thread_local Parser kept; // One for each F.
  return f(kept);
}

} // namespace rota
