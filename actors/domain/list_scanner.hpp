#pragma once

#include <cstddef>
#include <string_view>

namespace rota {

/// Finds where the elements of a JSON array end that comes in pieces of any
/// size. Elements are objects or arrays; what is no JSON does no harm.
class list_scanner {
public:
  /// Takes bytes up to the end of the next element, or all of them.
  /// @returns How many those are.
  size_t take(std::string_view x);

  /// Whether what was taken last ended an element.
  bool at_end() const {
    return at_end_;
  }

  /// Whether the array has ended.
  bool is_over() const {
    return is_over_;
  }

private:
  size_t depth_ = 0;
  bool in_text_ = false;
  bool escaped_ = false;
  bool at_end_ = false;
  bool is_over_ = false;
};

} // namespace rota
