#pragma once

#include "config/forms.hpp"
#include "config/options.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The forms that text may take in the file; see config/forms.hpp.

namespace rota {

/// env:NAME, file:PATH, or none. A fault never repeats the text: people paste
/// the secret itself here.
struct secret_form {
  using type = secret_ref;
  bool may_be_none = true;

  form_result<type> read(const tree_node& x) const;
  std::string show(const type& x) const;
  form_text words() const;
};

/// One line of text. `check` answers with what is wrong and what would be
/// right, or nothing; `adopt` brings a good text into its one spelling.
struct text_form {
  using type = std::string;
  std::string kind;
  std::function<std::string(std::string_view)> check;
  std::function<std::string(std::string_view)> adopt = {};

  form_result<type> read(const tree_node& x) const;
  std::string show(const type& x) const;
  form_text words() const;
};

/// A list of different texts that each pass `item`.
struct list_form {
  using type = std::vector<std::string>;
  std::string kind;
  text_form item;

  form_result<type> read(const tree_node& x) const;
  std::string show(const type& x) const;
  form_text words() const;
};

/// HTTP headers that a request carries besides rota's own. A fault never
/// repeats a value.
struct headers_form {
  using type = std::map<std::string, std::string>;

  form_result<type> read(const tree_node& x) const;
  std::string show(const type& x) const;
  form_text words() const;
};

/// What text_form asks of the names of accounts, clients and tags, which stand
/// in URLs, log lines and commands: nothing in them needs quoting.
std::string check_name(std::string_view text);

/// The same of names of models.
std::string check_model(std::string_view text);

/// @returns The candidate that `text` is most likely a misspelling of: at most
/// a third of its letters away, swaps counted once.
std::optional<std::string> closest(std::string_view text,
                                   const std::vector<std::string>& candidates);

/// @returns "a, b, c".
std::string joined(const std::vector<std::string>& texts);

/// @returns `text` as YAML spells it, in quotes where it needs them.
std::string spelt(std::string_view text);

} // namespace rota
