#pragma once

#include "config/forms.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

// The forms that one of several words may take in the file; see
// config/forms.hpp.

namespace rota {

/// One of several words that stay text.
struct word_form {
  using type = std::string;
  std::vector<std::string> names;

  form_result<type> read(const tree_node& x) const;
  std::string show(const type& x) const;
  form_text words() const;
};

/// true or false.
struct flag_form {
  using type = bool;

  form_result<type> read(const tree_node& x) const {
    auto word = core().read(x);
    if (!word.value)
      return {std::nullopt, std::move(word.fault)};
    return {*word.value == "true", {}};
  }

  std::string show(bool x) const {
    return x ? "true" : "false";
  }

  form_text words() const {
    return core().words();
  }

private:
  static word_form core() {
    return {{"true", "false"}};
  }
};

/// The values of `T` from 0 to `last`, as to_string spells them.
template <class T>
struct choice_form {
  using type = T;
  word_form core;

  explicit choice_form(T last) {
    for (size_t i = 0; i <= static_cast<size_t>(last); ++i)
      core.names.push_back(to_string(static_cast<T>(i)));
  }

  form_result<T> read(const tree_node& x) const {
    auto word = core.read(x);
    for (size_t i = 0; word.value && i < core.names.size(); ++i)
      if (core.names[i] == *word.value)
        return {static_cast<T>(i), {}};
    return {std::nullopt, std::move(word.fault)};
  }

  std::string show(T x) const {
    return to_string(x);
  }

  form_text words() const {
    return core.words();
  }
};

} // namespace rota
