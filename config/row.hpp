#pragma once

#include "config/schema.hpp"

#include <string>
#include <utility>

// Makes the rows of the schema.

namespace rota {

/// Follows pointers to members.
template <class Root, class Member>
auto& member(Root& x, Member m) {
  return x.*m;
}

template <class Root, class Member, class... Members>
auto& member(Root& x, Member m, Members... rest) {
  return member(x.*m, rest...);
}

/// A row for the option that `path` leads to.
template <class Root, class Form, class... Members>
option_row<Root> make_row(std::string key, Form form, applies when,
                          std::string why, Members... path) {
  option_row<Root> result;
  result.key = std::move(key);
  result.form = form.words();
  result.when = when;
  result.why = std::move(why);
  result.read = [form, key = result.key, path...](Root& root,
                                                  const tree_node& x) {
    auto value = form.read(x);
    if (value.value)
      member(root, path...) = std::move(*value.value);
    else if (value.parts.empty())
      value.parts.push_back({x.key_line, {}, std::move(value.fault)});
    for (auto& part : value.parts)
      part.key = key;
    return std::move(value.parts);
  };
  result.text = [form, path...](const Root& root) {
    return form.show(member(root, path...));
  };
  result.copy = [path...](Root& to, const Root& from) {
    member(to, path...) = member(from, path...);
  };
  return result;
}

} // namespace rota
