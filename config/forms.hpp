#pragma once

#include "config/tree.hpp"
#include "messages/money.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// The forms that a number may take in the file. A form reads a node, writes
// the value back as the file would spell it, and says in words what it takes.
// The forms of text are in config/text_forms.hpp.

namespace rota {

/// A value, or what is wrong with the node and what would be right.
template <class T>
struct form_result {
  std::optional<T> value;
  std::string fault;
  /// Instead of `fault`: what is wrong with parts of the node, each with its
  /// own line.
  std::vector<tree_fault> parts = {};
};

/// A form in words: "a duration", "such as 30s", "", "1s to 1h".
struct form_text {
  std::string kind;
  std::string example;
  /// What a number counts; empty where its kind says it.
  std::string unit;
  std::string bounds;
};

/// @returns "a whole number of tries, 1 to 200": what would be right.
std::string to_string(const form_text& x);

/// @returns "tries, 1 to 200", for listings.
std::string brief(const form_text& x);

/// A number within bounds. Implemented for the types below.
template <class T>
struct bounded_form {
  using type = T;
  T least;
  T most;
  std::string unit = {};

  form_result<T> read(const tree_node& x) const;
  std::string show(const T& x) const;
  form_text words() const;
};

/// Whole numbers.
using count_form = bounded_form<uint32_t>;
using wide_count_form = bounded_form<int64_t>;

/// 64MiB, 1GiB or plain bytes.
using size_form = bounded_form<uint64_t>;

/// 500ms, 30s, 5m, 2h, 1d or plain seconds.
using duration_form = bounded_form<milliseconds>;

/// Plain decimals in USD, exact to the nanodollar.
using money_form = bounded_form<money>;

/// Plain decimals, exact to six places.
using factor_form = bounded_form<factor>;

/// A value that may be absent; absent shows as nothing.
template <class Form>
struct optional_form {
  using type = std::optional<typename Form::type>;
  Form form;

  form_result<type> read(const tree_node& x) const {
    auto result = form.read(x);
    if (!result.value)
      return {std::nullopt, std::move(result.fault)};
    return {type{std::move(*result.value)}, {}};
  }

  std::string show(const type& x) const {
    return x ? form.show(*x) : std::string{};
  }

  form_text words() const {
    return form.words();
  }
};

/// @returns What is wrong with a node that should be plain text, or nothing.
std::string scalar_fault(const tree_node& x, const std::string& wanted);

} // namespace rota
