#pragma once

#include "config/forms.hpp"

#include <map>
#include <string>

namespace rota {

/// Names of models, each with the one whose price it has.
struct aliases_form {
  using type = std::map<std::string, std::string>;

  form_result<type> read(const tree_node& x) const;
  std::string show(const type& x) const;
  form_text words() const;
};

} // namespace rota
