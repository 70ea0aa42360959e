#include "actors/domain/usage_scanner.hpp"

#include "actors/domain/byte_masks.hpp"
#include "messages/check.hpp"

#include <algorithm>
#include <cstring>

namespace rota {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// A byte that belongs to a number, `true`, `false` or `null`.
bool is_scalar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
         || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
}

service_tier parse_tier(std::string_view x) {
  if (x == "flex")
    return service_tier::flex;
  if (x == "priority")
    return service_tier::priority;
  if (x == "batch")
    return service_tier::batch;
  return service_tier::standard;
}

} // namespace

usage_scanner::usage_scanner(surface route) : route_{route} {
  // nop
}

void usage_scanner::feed(std::string_view chunk) {
  ROTA_CHECK(!finished_, "an answer goes on after its end");
  if (form_ == form::unknown) {
    // A byte order mark, and the blank lines by which DeepSeek keeps a
    // connection open.
    constexpr std::string_view ignored = " \t\r\n\xef\xbb\xbf";
    const auto i = chunk.find_first_not_of(ignored);
    if (i == std::string_view::npos)
      return;
    chunk.remove_prefix(i);
    form_ = chunk[0] == '{' || chunk[0] == '[' ? form::json : form::lines;
  }
  if (form_ == form::json)
    read_json(chunk);
  else
    read_lines(chunk);
}

void usage_scanner::finish() {
  finished_ = true;
}

// -- server-sent events -------------------------------------------------------

void usage_scanner::read_lines(std::string_view x) {
  constexpr std::string_view prefix = "data:";
  while (!x.empty()) {
    const auto c = x.front();
    if (c == '\n' || c == '\r') {
      if (c == '\r' || !after_return_)
        end_line();
      after_return_ = c == '\r';
      x.remove_prefix(1);
      continue;
    }
    after_return_ = false;
    if (line_ == line::prefix) {
      line_ = c == prefix[matched_] ? line::prefix : line::ignored;
      if (++matched_ == prefix.size() && line_ == line::prefix)
        line_ = line::data;
      x.remove_prefix(1);
      continue;
    }
    auto end = x.size();
    for (const char stop : {'\n', '\r'})
      if (const auto* at = std::memchr(x.data(), stop, end))
        end = static_cast<size_t>(static_cast<const char*>(at) - x.data());
    if (line_ == line::data)
      read_json(x.substr(0, end));
    x.remove_prefix(end);
  }
}

void usage_scanner::end_line() {
  // An empty line ends an event. Otherwise the event's text goes on, with a
  // line end between, which in JSON is a blank.
  if (line_ == line::prefix && matched_ == 0)
    reset();
  else if (line_ == line::data)
    read_json("\n");
  line_ = line::prefix;
  matched_ = 0;
}

// -- JSON ---------------------------------------------------------------------

void usage_scanner::read_json(std::string_view x) {
  const auto* p = x.data();
  const auto* const end = p + x.size();
  while (p != end) {
    if (mode_ == mode::text)
      p = read_text(p, end);
    else if (mode_ == mode::scalar)
      p = read_scalar(p, end);
    else if (skipped_ > 0)
      p = skip(p, end);
    else
      p = read_structure(p);
  }
}

const char* usage_scanner::read_structure(const char* p) {
  switch (*p) {
    case '"':
      begin_text();
      break;
    case '{':
    case '[':
      open(*p == '{');
      break;
    case '}':
    case ']':
      close();
      break;
    case ':':
      after_colon_ = true;
      break;
    case ',':
      after_colon_ = false;
      break;
    default:
      if (is_blank(*p) || !is_scalar(*p))
        break;
      mode_ = mode::scalar;
      word_.size = 0;
      return p;
  }
  return p + 1;
}

void usage_scanner::begin_text() {
  mode_ = mode::text;
  word_.size = 0;
  is_key_ = skipped_ == 0 && !after_colon_;
  collects_ = skipped_ == 0;
}

const char* usage_scanner::read_text(const char* p, const char* end) {
  if (escaped_) {
    escaped_ = false;
    return p + 1;
  }
  const auto* const begin = p;
  p = find_either(p, end, '"', '\\');
  if (collects_)
    word_.add({begin, static_cast<size_t>(p - begin)});
  if (p == end)
    return p;
  if (*p == '\\') {
    // None of the names that matter is ever escaped.
    escaped_ = true;
    word_.size = word_.bytes.size() + 1;
    return p + 1;
  }
  mode_ = mode::between;
  if (is_key_)
    key_ = word_;
  else if (collects_)
    take_text();
  return p + 1;
}

const char* usage_scanner::read_scalar(const char* p, const char* end) {
  const auto* const begin = p;
  while (p != end && is_scalar(*p))
    ++p;
  word_.add({begin, static_cast<size_t>(p - begin)});
  if (p != end) {
    mode_ = mode::between;
    take_scalar();
  }
  return p;
}

const char* usage_scanner::skip(const char* p, const char* end) {
  for (; p != end; ++p) {
    switch (*p) {
      case '"':
        begin_text();
        return p + 1;
      case '{':
      case '[':
        ++skipped_;
        break;
      case '}':
      case ']':
        if (--skipped_ == 0)
          return p + 1;
        break;
      default:
        break;
    }
  }
  return p;
}

void usage_scanner::open(bool object) {
  const auto next = inner(object);
  if (next == place::outside) {
    skipped_ = 1;
  } else {
    if (next == place::figures) {
      pending_.clear();
      parent_.size = 0;
    } else if (next == place::details) {
      parent_ = key_;
    } else if (next == place::items) {
      searches_ = 0;
    } else if (next == place::listed) {
      list_ = key_;
    } else if (next == place::entry) {
      entry_.clear();
      label_.size = 0;
    }
    stack_[depth_++] = next;
  }
  after_colon_ = false;
}

void usage_scanner::close() {
  after_colon_ = false;
  if (depth_ == 0)
    return;
  const auto left = stack_[--depth_];
  if (left == place::figures)
    commit();
  else if (left == place::details)
    parent_.size = 0;
  else if (left == place::entry)
    pending_.add(list_.view(), label_.view(), entry_);
}

usage_scanner::place usage_scanner::here() const {
  return depth_ > 0 ? stack_[depth_ - 1u] : place::outside;
}

void usage_scanner::take_text() {
  const auto where = here();
  const auto key = key_.view();
  const auto value = word_.view();
  if (key == "service_tier" && where != place::choice && !in_entry())
    tier_ = parse_tier(value);
  else if (where == place::figures && key == "speed")
    fast_ = value == "fast";
  else if (where == place::figures && key == "inference_geo")
    us_only_ = value == "us";
  else if (where == place::item && key == "type")
    searches_ += value == "web_search_call";
  else if (where == place::entry && (key == "type" || key == "modality"))
    label_ = word_;
  else if (where == place::root && key == "duration")
    length_.take({}, "seconds", value);
}

void usage_scanner::take_scalar() {
  const auto where = here();
  if (where == place::figures || where == place::details
      || where == place::entry)
    (in_entry() ? entry_ : pending_)
      .take(parent_.view(), key_.view(), word_.view());
  else if (where == place::root && key_.view() == "duration")
    length_.take({}, "seconds", word_.view());
}

void usage_scanner::commit() {
  if (route_ == surface::anthropic_messages) {
    (here() == place::message ? began_ : concluded_) = true;
    said_.overwrite(pending_);
  } else if (route_ == surface::rerank) {
    said_.complete(pending_);
  } else if (pending_.some()) {
    said_ = pending_;
  }
}

void usage_scanner::reset() {
  mode_ = mode::between;
  after_colon_ = false;
  escaped_ = false;
  depth_ = 0;
  skipped_ = 0;
}

std::optional<usage> usage_scanner::result() const {
  auto x = said_.tokens(route_);
  if (!x && !said_.some())
    x = length_.tokens(route_);
  if (!x)
    return std::nullopt;
  x->web_searches = std::max(x->web_searches, searches_);
  x->tier = tier_;
  x->fast = fast_;
  x->us_only = us_only_;
  if (!finished_ || (began_ && !concluded_))
    x->source = usage_source::partial;
  return x;
}

} // namespace rota
