#include "config/text_forms.hpp"

#include "config/choice_forms.hpp"
#include "messages/printable.hpp"

#include <algorithm>
#include <array>

namespace rota {

namespace {

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_alnum(char c) {
  return is_alpha(c) || (c >= '0' && c <= '9');
}

/// POSIX: letters, digits and underscores, no digit first.
bool is_variable_name(std::string_view text) {
  return !text.empty() && is_alpha(text.front())
         && std::all_of(text.begin(), text.end(), is_alnum);
}

/// A token of RFC 9110, 5.6.2.
bool is_header_name(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^`|~";
  return !text.empty() && text.size() <= 100
         && std::all_of(text.begin(), text.end(), [&](char c) {
              return is_alnum(c) || others.find(c) != std::string_view::npos;
            });
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

/// Headers that rota sets itself, or that would carry a second credential or
/// break the framing of the request.
constexpr std::array<std::string_view, 15> own_headers{
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "cookie",
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "accept-encoding",
    "transfer-encoding",
    "connection",
    "expect",
    "te",
    "upgrade",
};

/// Damerau's distance with adjacent swaps (optimal string alignment).
size_t distance(std::string_view x, std::string_view y) {
  std::vector<size_t> before(y.size() + 1);
  std::vector<size_t> above(y.size() + 1);
  std::vector<size_t> row(y.size() + 1);
  for (size_t j = 0; j <= y.size(); ++j)
    above[j] = j;
  for (size_t i = 1; i <= x.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= y.size(); ++j) {
      const size_t change = x[i - 1] == y[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[y.size()];
}

} // namespace

// -- secrets ------------------------------------------------------------------

form_result<secret_ref> secret_form::read(const tree_node& x) const {
  const auto wanted = to_string(words());
  if (auto fault = scalar_fault(x, wanted); !fault.empty())
    return {std::nullopt, std::move(fault)};
  const std::string_view text = x.text;
  if (text.starts_with("env:")) {
    if (!is_variable_name(text.substr(4)))
      return {std::nullopt, "names no environment variable; write env: and "
                            "letters, digits and underscores, such as "
                            "env:RELAY_A_KEY"};
    return {secret_ref{secret_ref::source::env, x.text.substr(4)}, {}};
  }
  if (text.starts_with("file:")) {
    if (text.size() == 5 || text.size() > 4'000)
      return {std::nullopt, "names no file; write file: and its path, such as "
                            "file:/etc/rota/relay-a.key"};
    return {secret_ref{secret_ref::source::file, x.text.substr(5)}, {}};
  }
  if (text == "none" && may_be_none)
    return {secret_ref{}, {}};
  return {std::nullopt, "is no reference to a secret, and secrets never stand "
                        "in this file; write "
                            + wanted};
}

std::string secret_form::show(const secret_ref& x) const {
  switch (x.from) {
  case secret_ref::source::env:
    return "env:" + x.name;
  case secret_ref::source::file:
    return spelt("file:" + x.name);
  case secret_ref::source::none:
    break;
  }
  return "none";
}

form_text secret_form::words() const {
  return {may_be_none ? "env:NAME, file:PATH or none" : "env:NAME or file:PATH",
          {},
          {},
          {}};
}

// -- text and lists -----------------------------------------------------------

form_result<std::string> text_form::read(const tree_node& x) const {
  if (auto fault = scalar_fault(x, kind); !fault.empty())
    return {std::nullopt, std::move(fault)};
  if (auto fault = check(x.text); !fault.empty())
    return {std::nullopt, std::move(fault)};
  return {adopt ? adopt(x.text) : x.text, {}};
}

std::string text_form::show(const std::string& x) const {
  return spelt(x);
}

form_text text_form::words() const {
  return {kind, {}, {}, {}};
}

form_result<std::vector<std::string>>
list_form::read(const tree_node& x) const {
  if (x.is != tree_node::kind::list)
    return {std::nullopt, "is no list; write " + kind};
  std::vector<std::string> result;
  std::vector<tree_fault> faults;
  size_t position = 0;
  for (const auto& child : x.children) {
    ++position;
    auto text = item.read(child);
    if (!text.value)
      faults.push_back({child.line, {},
                        "item " + std::to_string(position) + ": "
                            + text.fault});
    else if (std::find(result.begin(), result.end(), *text.value)
             != result.end())
      faults.push_back(
          {child.line, {},
           echoed(*text.value) + " stands in the list twice; remove one"});
    else
      result.push_back(std::move(*text.value));
  }
  if (!faults.empty())
    return {std::nullopt, {}, std::move(faults)};
  return {std::move(result), {}};
}

std::string list_form::show(const type& x) const {
  std::vector<std::string> items;
  for (const auto& text : x)
    items.push_back(spelt(text));
  return "[" + joined(items) + "]";
}

form_text list_form::words() const {
  return {kind, {}, {}, {}};
}

// -- headers ------------------------------------------------------------------

form_result<std::map<std::string, std::string>>
headers_form::read(const tree_node& x) const {
  if (x.is != tree_node::kind::map)
    return {std::nullopt, "is no map; write " + words().kind};
  std::map<std::string, std::string> result;
  std::vector<tree_fault> faults;
  std::vector<std::string> seen;
  for (const auto& child : x.children) {
    auto name = lower(child.key);
    const auto fault = [&](const char* text) {
      faults.push_back({child.key_line, {}, echoed(child.key) + text});
    };
    if (!is_header_name(child.key))
      fault(" is no name of an HTTP header; write letters, digits and hyphens");
    else if (std::find(own_headers.begin(), own_headers.end(), name)
             != own_headers.end())
      fault(" is a header that rota sets itself; remove it (a key belongs to "
            "api_key)");
    else if (std::find(seen.begin(), seen.end(), name) != seen.end())
      fault(" stands here twice; remove one");
    if (!scalar_fault(child, {}).empty() || child.text.size() > 4'000
        || !is_printable_ascii(child.text))
      fault(" needs one line of text in ASCII as its value, at most 4000 "
            "bytes; write NAME: VALUE");
    seen.push_back(std::move(name));
    result.emplace(child.key, child.text);
  }
  if (!faults.empty())
    return {std::nullopt, {}, std::move(faults)};
  return {std::move(result), {}};
}

std::string headers_form::show(const type& x) const {
  std::string result = "{";
  for (const auto& [name, value] : x)
    result +=
        (result.size() > 1 ? ", " : "") + spelt(name) + ": " + spelt(value);
  return result + "}";
}

form_text headers_form::words() const {
  return {"a map of header names to values", {}, {}, {}};
}

// -- words --------------------------------------------------------------------

form_result<std::string> word_form::read(const tree_node& x) const {
  const auto wanted = to_string(words());
  if (auto fault = scalar_fault(x, wanted); !fault.empty())
    return {std::nullopt, std::move(fault)};
  if (std::find(names.begin(), names.end(), x.text) != names.end())
    return {x.text, {}};
  const auto guess = closest(x.text, names);
  return {std::nullopt,
          echoed(x.text) + " is not known; "
              + (guess ? "did you mean " + *guess + "? " : std::string{})
              + "write " + wanted};
}

std::string word_form::show(const std::string& x) const {
  return x;
}

form_text word_form::words() const {
  return {"one of " + joined(names), {}, {}, {}};
}

std::string check_name(std::string_view text) {
  if (text.empty() || text.size() > 64 || !is_alnum(text.front())
      || text.front() == '_'
      || !std::all_of(text.begin(), text.end(), [](char c) {
           return is_alnum(c) || c == '.' || c == '-';
         }))
    return echoed(text)
           + " is no name; write 1 to 64 letters, digits, dots, hyphens or "
             "underscores, a letter or digit first";
  return {};
}

std::string check_model(std::string_view text) {
  if (text.empty() || text.size() > 200
      || text.find_first_of(" \"\\") != std::string_view::npos)
    return echoed(text)
           + " is no model's name; write 1 to 200 bytes without spaces and "
             "quotes";
  return {};
}

// -- helpers ------------------------------------------------------------------

std::optional<std::string> closest(std::string_view text,
                                   const std::vector<std::string>& candidates) {
  std::optional<std::string> result;
  if (text.size() > 64)
    return result;
  size_t best = std::max<size_t>(text.size() / 3, 1) + 1;
  for (const auto& candidate : candidates) {
    const auto d = distance(lower(text), candidate);
    if (d < best) {
      best = d;
      result = candidate;
    }
  }
  return result;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string result;
  for (const auto& text : texts)
    result += (result.empty() ? "" : ", ") + text;
  return result;
}

std::string spelt(std::string_view text) {
  constexpr std::string_view others = "./:-+@";
  const auto is_plain = [&](char c) {
    return is_alnum(c) || others.find(c) != std::string_view::npos;
  };
  const auto is_null = text == "null" || text == "Null" || text == "NULL";
  if (!text.empty() && (is_alnum(text.front()) || text.front() == '.')
      && text.back() != ':' && !is_null
      && std::all_of(text.begin(), text.end(), is_plain))
    return std::string{text};
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + "\"";
}

} // namespace rota
