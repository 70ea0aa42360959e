#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace rota {

/// Takes a document {"requests":[...]} apart while it comes in: each element
/// becomes a line, blanks between tokens at most one. Keeps nothing of the
/// document but where it stands, so its size does not matter. Only the
/// document's frame is checked here; what is wrong within an element stays
/// wrong in its line.
class unfolding {
public:
  /// @param out Takes the lines, piece by piece.
  explicit unfolding(std::function<void(std::string_view)> out);

  void write(std::string_view piece);

  /// @returns One sentence if the document did not end where it should.
  std::string finish();

private:
  /// Where in the document: before its list, between elements, in one, behind
  /// the list but in the document, behind the document, or nowhere any more.
  enum class place : uint8_t { before, between, element, after, end, broken };

  void take(char c);
  void take_between(char c);
  void take_element(char c);
  void take_after(char c);
  void quote(char c);
  void end_element();
  void put(char c);
  void flush();

  std::function<void(std::string_view)> out_;
  std::string pending_;
  place at_ = place::before;
  bool quoted_ = false;   // Within a string.
  bool escaped_ = false;  // Behind its backslash.
  bool blank_ = false;    // Behind a blank that was not put yet.
  bool comma_ = false;    // Behind a comma: an element must come.
  uint64_t depth_ = 0;    // Brackets open within the element, or behind.
  uint64_t elements_ = 0;
};

} // namespace rota
