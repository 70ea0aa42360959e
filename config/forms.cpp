#include "config/forms.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace rota {

namespace {

/// Reads a whole number, signs and spaces refused, and zeros in front: YAML 1.1
/// would read 010 as eight, others as ten.
template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T result{};
  const auto end = text.data() + text.size();
  if (text.empty() || text.front() < '0' || text.front() > '9'
      || (text.front() == '0' && text.size() > 1))
    return std::nullopt;
  const auto [last, error] = std::from_chars(text.data(), end, result);
  if (error != std::errc{} || last != end)
    return std::nullopt;
  return result;
}

struct unit_name {
  std::string_view name;
  uint64_t size;
};

/// Reads a whole number with one of the units behind it; a bare number counts
/// in `bare`.
template <size_t N>
std::optional<uint64_t> parse_units(std::string_view text,
                                    const std::array<unit_name, N>& units,
                                    uint64_t bare) {
  const auto digits =
      std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_whole<uint64_t>(text.substr(0, digits));
  if (!number)
    return std::nullopt;
  const auto unit = text.substr(digits);
  auto size = unit.empty() ? bare : 0;
  for (const auto& candidate : units)
    if (unit == candidate.name)
      size = candidate.size;
  uint64_t result = 0;
  if (size == 0 || __builtin_mul_overflow(*number, size, &result))
    return std::nullopt;
  return result;
}

/// Writes a number in the largest unit that divides it.
template <size_t N>
std::string show_units(uint64_t x, const std::array<unit_name, N>& units) {
  for (const auto& unit : units)
    if (x > 0 && x % unit.size == 0)
      return std::to_string(x / unit.size).append(unit.name);
  return std::to_string(x);
}

// Largest first.
constexpr std::array<unit_name, 4> size_units{{
    {"TiB", uint64_t{1} << 40},
    {"GiB", uint64_t{1} << 30},
    {"MiB", uint64_t{1} << 20},
    {"KiB", uint64_t{1} << 10},
}};

constexpr std::array<unit_name, 5> duration_units{{
    {"d", 86'400'000},
    {"h", 3'600'000},
    {"m", 60'000},
    {"s", 1'000},
    {"ms", 1},
}};

/// How a type of number is spelt.
template <class T>
struct spelling;

template <>
struct spelling<uint32_t> {
  static constexpr const char* kind = "a whole number";
  static constexpr const char* example = "";
  static std::optional<uint32_t> parse(std::string_view text) {
    return parse_whole<uint32_t>(text);
  }
  static std::string show(uint32_t x) {
    return std::to_string(x);
  }
};

template <>
struct spelling<int64_t> {
  static constexpr const char* kind = "a whole number";
  static constexpr const char* example = "";
  static std::optional<int64_t> parse(std::string_view text) {
    return parse_whole<int64_t>(text);
  }
  static std::string show(int64_t x) {
    return std::to_string(x);
  }
};

template <>
struct spelling<uint64_t> {
  static constexpr const char* kind = "a size";
  static constexpr const char* example = "such as 64MiB or 1GiB";
  static std::optional<uint64_t> parse(std::string_view text) {
    return parse_units(text, size_units, 1);
  }
  static std::string show(uint64_t x) {
    return show_units(x, size_units);
  }
};

template <>
struct spelling<milliseconds> {
  static constexpr const char* kind = "a duration";
  static constexpr const char* example = "such as 500ms, 30s, 5m or 2h";
  static std::optional<milliseconds> parse(std::string_view text) {
    const auto result = parse_units(text, duration_units, 1'000);
    if (!result
        || *result > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return std::nullopt;
    return milliseconds{static_cast<int64_t>(*result)};
  }
  static std::string show(milliseconds x) {
    return x.count() == 0
               ? "0s"
               : show_units(static_cast<uint64_t>(x.count()), duration_units);
  }
};

template <>
struct spelling<money> {
  static constexpr const char* kind = "an amount";
  static constexpr const char* example = "such as 25.00, up to nine places";
  static std::optional<money> parse(std::string_view text) {
    return parse_money(text);
  }
  static std::string show(money x) {
    return to_string(x);
  }
};

template <>
struct spelling<factor> {
  static constexpr const char* kind = "a factor";
  static constexpr const char* example = "such as 0.8, up to six places";
  static std::optional<factor> parse(std::string_view text) {
    return parse_factor(text);
  }
  static std::string show(factor x) {
    return to_string(x);
  }
};

/// Whether a text is a number, though perhaps one that is too large or too
/// exact for its type.
bool looks_numeric(std::string_view text) {
  if (text.starts_with('-'))
    text.remove_prefix(1);
  return !text.empty()
         && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

} // namespace

std::string to_string(const form_text& x) {
  auto result = x.kind;
  if (!x.unit.empty())
    result += (x.unit == "USD" ? " in " : " of ") + x.unit;
  if (!x.example.empty())
    result += " " + x.example;
  if (!x.bounds.empty())
    result += ", " + x.bounds;
  return result;
}

std::string brief(const form_text& x) {
  auto result = x.unit.empty() ? x.kind : x.unit;
  for (const std::string_view article : {"a ", "an "})
    if (result.starts_with(article))
      result.erase(0, article.size());
  if (x.unit.empty() && x.bounds.empty() && !x.example.empty())
    result += " " + x.example;
  return x.bounds.empty() ? result : result + ", " + x.bounds;
}

std::string scalar_fault(const tree_node& x, const std::string& wanted) {
  switch (x.is) {
  case tree_node::kind::null:
    return "has no value; write " + wanted + ", or remove the key";
  case tree_node::kind::list:
    return "is a list; write " + wanted;
  case tree_node::kind::map:
    return "is a section; write " + wanted;
  case tree_node::kind::refused:
    return "is an alias; write " + wanted;
  case tree_node::kind::scalar:
    break;
  }
  for (const char c : x.text)
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7F)
      return "has a line break or a control character in it; write " + wanted;
  return {};
}

template <class T>
form_result<T> bounded_form<T>::read(const tree_node& x) const {
  const auto wanted = to_string(words());
  if (auto fault = scalar_fault(x, wanted); !fault.empty())
    return {std::nullopt, std::move(fault)};
  const auto value = spelling<T>::parse(x.text);
  if (value && *value >= least && *value <= most)
    return {value, {}};
  const auto problem =
      value || looks_numeric(x.text) ? " does not fit" : " cannot be read";
  return {std::nullopt, echoed(x.text) + problem + "; write " + wanted};
}

template <class T>
std::string bounded_form<T>::show(const T& x) const {
  return spelling<T>::show(x);
}

template <class T>
form_text bounded_form<T>::words() const {
  return {spelling<T>::kind, spelling<T>::example, unit,
          spelling<T>::show(least) + " to " + spelling<T>::show(most)};
}

template struct bounded_form<uint32_t>;
template struct bounded_form<int64_t>;
template struct bounded_form<uint64_t>;
template struct bounded_form<milliseconds>;
template struct bounded_form<money>;
template struct bounded_form<factor>;

} // namespace rota
