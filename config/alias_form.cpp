#include "config/alias_form.hpp"

#include "config/text_forms.hpp"

namespace rota {

form_result<aliases_form::type>
aliases_form::read(const tree_node& x) const {
  if (x.is != tree_node::kind::map)
    return {std::nullopt, "is no map; write " + words().kind};
  type result;
  std::vector<tree_fault> faults;
  for (const auto& child : x.children) {
    auto fault = check_model(child.key);
    if (fault.empty())
      fault = scalar_fault(child, "a model's name");
    if (fault.empty())
      fault = check_model(child.text);
    if (!fault.empty())
      faults.push_back({child.key_line, {}, std::move(fault)});
    result.emplace(child.key, child.text);
  }
  if (!faults.empty())
    return {std::nullopt, {}, std::move(faults)};
  return {std::move(result), {}};
}

std::string aliases_form::show(const type& x) const {
  std::string result = "{";
  for (const auto& [alias, name] : x)
    result +=
        (result.size() > 1 ? ", " : "") + spelt(alias) + ": " + spelt(name);
  return result + "}";
}

form_text aliases_form::words() const {
  return {"a map of models' names to names with a price, such as "
          "{my-gpt: gpt-5}",
          {}, {}, {}};
}

} // namespace rota
