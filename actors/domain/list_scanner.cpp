#include "actors/domain/list_scanner.hpp"

namespace rota {

size_t list_scanner::take(std::string_view x) {
  at_end_ = false;
  for (size_t i = 0; i < x.size(); ++i) {
    const auto c = x[i];
    if (in_text_) {
      in_text_ = escaped_ || c != '"';
      escaped_ = !escaped_ && c == '\\';
    } else if (c == '"') {
      in_text_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && depth_ > 0) {
      --depth_;
      is_over_ = depth_ == 0;
      at_end_ = depth_ == 1;
      if (at_end_)
        return i + 1;
    }
  }
  return x.size();
}

} // namespace rota
