#include "runtime/upstream/secret_mask.hpp"

#include <algorithm>
#include <cstring>

namespace rota {

namespace {

std::string in_json(std::string_view x) {
  std::string result;
  for (const char c : x) {
    if (c == '/' || c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  return result;
}

/// Whether a cookie's value lets somebody in: what says how a page is to look
/// is a word or two, and may stand in any answer.
bool is_secret(std::string_view value) {
  constexpr size_t shortest = 16;
  const auto has = [value](char from, char to) {
    return std::any_of(value.begin(), value.end(),
                       [=](char c) { return c >= from && c <= to; });
  };
  return value.size() >= shortest
         && (has('0', '9') || (has('a', 'z') && has('A', 'Z')));
}

std::string in_url(std::string_view x) {
  constexpr auto digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : x) {
    const auto plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
                       || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'
                       || c == '.' || c == '~';
    if (plain) {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += '%';
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

} // namespace

secret_mask::~secret_mask() {
  for (auto& x : forms_)
    explicit_bzero(x.data(), x.size());
}

void secret_mask::add(std::string_view secret) {
  for (auto rest = secret; !rest.empty();) {
    const auto end = rest.find(';');
    const auto part = rest.substr(0, end);
    if (const auto i = part.find('=');
        i != std::string_view::npos && is_secret(part.substr(i + 1)))
      add_form(std::string{part.substr(i + 1)});
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  }
  add_form(std::string{secret});
  add_form(in_json(secret));
  add_form(in_url(secret));
}

void secret_mask::add_form(std::string form) {
  if (form.size() < least
      || std::find(forms_.begin(), forms_.end(), form) != forms_.end())
    return;
  const auto longer = [n = form.size()](const auto& x) {
    return x.size() >= n;
  };
  forms_.insert(std::find_if_not(forms_.begin(), forms_.end(), longer),
                std::move(form));
}

void secret_mask::apply(std::string& text) const {
  for (const auto& x : forms_) {
    size_t from = 0;
    while (const void* hit = memmem(text.data() + from, text.size() - from,
                                    x.data(), x.size())) {
      const auto i
        = static_cast<size_t>(static_cast<const char*>(hit) - text.data());
      text.replace(i, x.size(), stand_in);
      from = i + stand_in.size();
    }
  }
}

size_t secret_mask::open_end(std::string_view text) const {
  size_t result = 0;
  for (const auto& x : forms_)
    for (auto n = std::min(x.size() - 1, text.size()); n > result; --n)
      if (text[text.size() - n] == x.front()
          && text.ends_with(std::string_view{x}.substr(0, n))) {
        result = n;
        break;
      }
  return result;
}

std::string_view masked_stream::feed(const secret_mask& mask,
                                     std::string_view piece) {
  text_.swap(kept_);
  kept_.clear();
  text_ += piece;
  mask.apply(text_);
  const auto open = mask.open_end(text_);
  kept_ = text_.substr(text_.size() - open);
  text_.resize(text_.size() - open);
  return text_;
}

std::string_view masked_stream::finish() {
  text_.swap(kept_);
  kept_.clear();
  return text_;
}

} // namespace rota
