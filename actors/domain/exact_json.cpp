#include "actors/domain/exact_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace rota {

namespace {

using nlohmann::json;
using kind = exact_json::kind;

/// Deeper documents are nobody's price table, and would exhaust the stack.
constexpr size_t depth_max = 64;

/// Hands the parser a text and counts the lines that it has taken.
class counting_iterator {
public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  counting_iterator(const char* at, int* lines) : at_{at}, lines_{lines} {
    // nop
  }

  reference operator*() const {
    return *at_;
  }

  counting_iterator& operator++() {
    *lines_ += *at_++ == '\n';
    return *this;
  }

  counting_iterator operator++(int) {
    auto result = *this;
    ++*this;
    return result;
  }

  bool operator==(const counting_iterator& x) const {
    return at_ == x.at_;
  }

private:
  const char* at_;
  int* lines_;
};

/// Builds the tree from the parser's events.
class builder : public nlohmann::json_sax<json> {
public:
  exact_json root;
  std::string fault;
  /// Where the parser is.
  int line = 1;

  bool null() override {
    return leaf(kind::null, "");
  }

  bool boolean(bool x) override {
    return leaf(kind::boolean, x ? "true" : "false");
  }

  bool number_integer(int64_t x) override {
    return leaf(kind::number, std::to_string(x));
  }

  bool number_unsigned(uint64_t x) override {
    return leaf(kind::number, std::to_string(x));
  }

  bool number_float(double, const std::string& written) override {
    return leaf(kind::number, written);
  }

  bool string(std::string& x) override {
    return leaf(kind::string, x);
  }

  bool binary(json::binary_t&) override {
    return false; // JSON has none.
  }

  bool start_object(size_t) override {
    return enter(kind::object);
  }

  bool start_array(size_t) override {
    return enter(kind::array);
  }

  bool end_object() override {
    open_.pop_back();
    return true;
  }

  bool end_array() override {
    open_.pop_back();
    return true;
  }

  bool key(std::string& x) override {
    key_ = std::move(x);
    key_line_ = line;
    return true;
  }

  bool parse_error(size_t, const std::string&,
                   const json::exception& x) override {
    fault = x.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    if (const auto end = fault.find("] "); end != std::string::npos)
      fault.erase(0, end + 2);
    return false;
  }

private:
  exact_json& place(kind what) {
    auto& x = open_.empty() ? root : open_.back()->children.emplace_back();
    x.what = what;
    x.line = key_.empty() ? line : key_line_;
    x.name = std::move(key_);
    key_.clear();
    return x;
  }

  bool leaf(kind what, std::string text) {
    place(what).text = std::move(text);
    return true;
  }

  bool enter(kind what) {
    if (open_.size() == depth_max) {
      fault = "it nests deeper than " + std::to_string(depth_max) + " levels";
      return false;
    }
    // A parent's children do not move while one of them is open.
    open_.push_back(&place(what));
    return true;
  }

  std::vector<exact_json*> open_;
  std::string key_;
  int key_line_ = 1;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

} // namespace

const exact_json* exact_json::find(std::string_view key) const {
  if (what != kind::object)
    return nullptr;
  const auto i = std::find_if(children.begin(), children.end(),
                              [key](const auto& x) { return x.name == key; });
  return i != children.end() ? &*i : nullptr;
}

exact_json_result parse_exact_json(std::string_view text) {
  builder tree;
  const auto end = text.data() + text.size();
  if (json::sax_parse(counting_iterator{text.data(), &tree.line},
                      counting_iterator{end, &tree.line}, &tree))
    return {std::move(tree.root), ""};
  return {std::nullopt, std::move(tree.fault), tree.line};
}

std::optional<int64_t> parse_units(std::string_view number, int places) {
  __extension__ using wide = __int128;
  constexpr int digits_max = 30; // So that a wide holds a thousand times it.
  constexpr int shift_max = 400;
  wide digits = 0;
  int count = 0;
  int shift = places;
  size_t i = 0;
  auto seen_point = false;
  auto seen_digit = false;
  for (; i < number.size(); ++i) {
    const auto c = number[i];
    if (c == '.' && !seen_point) {
      seen_point = true;
      continue;
    }
    if (!is_digit(c))
      break;
    seen_digit = true;
    if (digits != 0 && ++count >= digits_max)
      return std::nullopt;
    digits = digits * 10 + (c - '0');
    shift -= seen_point;
  }
  if (!seen_digit)
    return std::nullopt;
  if (i < number.size()) {
    if (number[i] != 'e' && number[i] != 'E')
      return std::nullopt;
    ++i;
    const auto minus = i < number.size() && number[i] == '-';
    i += minus || (i < number.size() && number[i] == '+');
    if (i == number.size())
      return std::nullopt;
    int exponent = 0;
    for (; i < number.size(); ++i) {
      if (!is_digit(number[i]))
        return std::nullopt;
      exponent = std::min(exponent * 10 + (number[i] - '0'), shift_max);
    }
    shift += minus ? -exponent : exponent;
  }
  if (digits == 0)
    return 0;
  for (; shift > 0; --shift) {
    digits *= 10;
    if (digits > INT64_MAX)
      return std::nullopt;
  }
  wide unit = 1;
  for (; shift < 0; ++shift) {
    if (unit > digits * 1'000)
      return 0; // Less than a thousandth of a unit.
    unit *= 10;
  }
  const auto whole = digits / unit;
  const auto rest = digits % unit;
  const auto result = whole + (rest > unit / 1'000 ? 1 : 0);
  if (result > INT64_MAX)
    return std::nullopt;
  return static_cast<int64_t>(result);
}

} // namespace rota
