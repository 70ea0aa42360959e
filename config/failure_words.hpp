#pragma once

#include "messages/failure.hpp"

#include <string>
#include <vector>

// The words of a rule file, and what they mean.

namespace rota {

/// What a class means unless its rule says otherwise: whom it concerns, what
/// becomes of that, and whether another account may serve the request.
struct class_meaning {
  failure_scope scope;
  account_action action;
  bool failover;
};

class_meaning meaning_of(failure_class x);

/// The texts that `to_string` gives the values of `T` from 0 on, as far as
/// they are read back by `parse`.
template <class T, class Show, class Parse>
std::vector<std::string> names_of(Show show, Parse parse, int last) {
  std::vector<std::string> result;
  for (int i = 0; i <= last; ++i)
    if (auto name = show(static_cast<T>(i)); parse(name))
      result.push_back(std::move(name));
  return result;
}

/// @returns "is no provider; did you mean new_api?", or the list to choose
/// from.
std::string unknown_word(const std::string& text, const std::string& kind,
                         const std::vector<std::string>& names);

/// The classes that a rule may name.
const std::vector<std::string>& class_names();

} // namespace rota
