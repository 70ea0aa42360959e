#include "runtime/storage/unfolding.hpp"

namespace rota {

namespace {

constexpr size_t flush_at = 64 * 1024;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

} // namespace

unfolding::unfolding(std::function<void(std::string_view)> out)
  : out_{std::move(out)} {
  // nop
}

void unfolding::write(std::string_view piece) {
  for (const auto c : piece)
    take(c);
}

std::string unfolding::finish() {
  flush();
  if (at_ == place::end)
    return {};
  const auto where = elements_ == 0
                       ? std::string{"its first request"}
                       : "request " + std::to_string(elements_);
  if (at_ == place::broken)
    return "Something follows the end of the document behind " + where
           + ": send one document {\"requests\":[...]}, or one request a"
             " line.";
  return "The document breaks off at " + where
         + ": send it whole, or one request a line.";
}

void unfolding::take(char c) {
  switch (at_) {
    case place::before:
      if (c == '[')
        at_ = place::between;
      break;
    case place::between:
      take_between(c);
      break;
    case place::element:
      take_element(c);
      break;
    case place::after:
      take_after(c);
      break;
    case place::end:
      if (!is_space(c))
        at_ = place::broken;
      break;
    case place::broken:
      break;
  }
}

void unfolding::take_between(char c) {
  if (is_space(c))
    return;
  if (c == ']' && !comma_) {
    at_ = place::after;
    depth_ = 1; // The document's own brace.
    return;
  }
  at_ = place::element;
  ++elements_;
  if (c == ',' || c == ']') // Nothing is here: a line that is no JSON.
    put(',');
  take_element(c);
}

void unfolding::take_element(char c) {
  if (quoted_) {
    // A line end within a string is as wrong as this is, but keeps the line.
    put(c == '\n' ? '\r' : c);
    quote(c);
    return;
  }
  if (is_space(c)) {
    blank_ = true;
    return;
  }
  if (depth_ == 0 && (c == ',' || c == ']')) {
    end_element();
    comma_ = c == ',';
    at_ = c == ',' ? place::between : place::after;
    depth_ = c == ',' ? 0 : 1;
    return;
  }
  if (blank_)
    put(' ');
  blank_ = false;
  put(c);
  if (c == '{' || c == '[')
    ++depth_;
  else if (c == '}' || c == ']')
    depth_ -= depth_ > 0 ? 1 : 0;
  else
    quote(c);
}

void unfolding::take_after(char c) {
  if (quoted_)
    return quote(c);
  if (c == '{' || c == '[')
    ++depth_;
  else if (c == '}' || c == ']')
    --depth_;
  else
    quote(c);
  if (depth_ == 0)
    at_ = place::end;
}

void unfolding::quote(char c) {
  if (!quoted_)
    quoted_ = c == '"';
  else if (escaped_)
    escaped_ = false;
  else if (c == '\\')
    escaped_ = true;
  else if (c == '"')
    quoted_ = false;
}

void unfolding::end_element() {
  put('\n');
  blank_ = false;
}

void unfolding::put(char c) {
  pending_ += c;
  if (pending_.size() >= flush_at)
    flush();
}

void unfolding::flush() {
  if (!pending_.empty())
    out_(pending_);
  pending_.clear();
}

} // namespace rota
