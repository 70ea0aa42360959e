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

/// As JSON may spell it: PHP, Go and .NET escape what HTML would read.
/// @param all Whether every character is escaped.
std::string escaped(std::string_view x, bool all, const char* digits) {
  constexpr std::string_view others = "+&<>'\"`";
  std::string result;
  for (const char c : x)
    if (all || others.find(c) != std::string_view::npos) {
      const auto byte = static_cast<unsigned char>(c);
      result += "\\u00";
      result += digits[byte >> 4];
      result += digits[byte & 15];
    } else {
      result += c;
    }
  return result;
}

bool has(std::string_view text, std::string_view part) {
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

void take_out(const std::vector<std::string>& forms, std::string& text) {
  for (const auto& x : forms) {
    size_t from = 0;
    while (const void* hit = memmem(text.data() + from, text.size() - from,
                                    x.data(), x.size())) {
      const auto i
        = static_cast<size_t>(static_cast<const char*>(hit) - text.data());
      text.replace(i, x.size(), secret_mask::stand_in);
      from = i + secret_mask::stand_in.size();
    }
  }
}

} // namespace

secret_mask::~secret_mask() {
  for (auto* list : {&forms_, &escaped_})
    for (auto& x : *list)
      explicit_bzero(x.data(), x.size());
}

void secret_mask::add(std::string_view secret) {
  for (auto rest = secret; !rest.empty();) {
    const auto end = rest.find(';');
    const auto part = rest.substr(0, end);
    if (const auto i = part.find('=');
        i != std::string_view::npos && is_secret(part.substr(i + 1)))
      add_form(forms_, std::string{part.substr(i + 1)});
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  }
  add_form(forms_, std::string{secret});
  add_form(forms_, in_json(secret));
  add_form(forms_, in_url(secret));
  for (const auto digits : {"0123456789abcdef", "0123456789ABCDEF"})
    for (const auto all : {true, false})
      if (auto x = escaped(secret, all, digits); x != secret)
        add_form(escaped_, std::move(x));
}

void secret_mask::add_form(forms& to, std::string form) {
  if (form.size() < least || std::find(to.begin(), to.end(), form) != to.end())
    return;
  const auto longer = [n = form.size()](const auto& x) {
    return x.size() >= n;
  };
  to.insert(std::find_if_not(to.begin(), to.end(), longer), std::move(form));
}

void secret_mask::apply(std::string& text) const {
  take_out(forms_, text);
  if (has(text, "\\u00")) // Hardly ever.
    take_out(escaped_, text);
}

size_t secret_mask::open_end(std::string_view text) const {
  size_t result = 0;
  for (const auto* list : {&forms_, &escaped_})
    for (const auto& x : *list) {
      const auto most = std::min(x.size() - 1, text.size());
      auto tail = text.substr(text.size() - most);
      while (tail.size() > result) {
        tail.remove_prefix(std::min(tail.find(x.front()), tail.size()));
        if (x.starts_with(tail))
          result = std::max(result, tail.size());
        else
          tail.remove_prefix(1);
      }
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
