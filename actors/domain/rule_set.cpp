#include "actors/domain/rule_set.hpp"

#include <algorithm>
#include <stdexcept>

namespace rota {

namespace {

template <class T>
bool has(const std::vector<T>& list, const T& x) {
  return std::find(list.begin(), list.end(), x) != list.end();
}

template <class T>
bool share(const std::vector<T>& x, const std::vector<T>& y) {
  return std::any_of(x.begin(), x.end(),
                     [&y](const auto& item) { return has(y, item); });
}

} // namespace

rule_set::compiled::compiled(failure_rule x) : rule{std::move(x)} {
  if (rule.text.empty())
    return;
  try {
    pattern.emplace(rule.text);
  } catch (const std::regex_error& e) {
    throw std::runtime_error{
      "rule " + rule.name + ": its text is no regular expression (" + e.what()
      + "); correct the text or remove the rule"};
  }
}

bool rule_set::compiled::matches(const symptom& x) const {
  return (rule.providers.empty() || has(rule.providers, x.who))
         && (rule.statuses.empty() || has(rule.statuses, x.status))
         && (rule.codes.empty() || share(rule.codes, x.said.codes)
             || (x.said.codes.empty() && has(rule.codes, std::string{})))
         && (rule.types.empty() || share(rule.types, x.said.types))
         && (!rule.empty_body || x.said.is == answer::form::empty)
         && (!pattern || pattern->matches(x.text));
}

rule_set::rule_set(std::vector<failure_rule> rules) {
  for (auto& x : rules) {
    const auto step = !x.codes.empty() || !x.types.empty() ? 0u
                      : !x.text.empty() || x.empty_body    ? 1u
                                                           : 2u;
    steps_[step].emplace_back(std::move(x));
  }
}

const rule_set::compiled* rule_set::find(const symptom& x) const {
  for (const auto& step : steps_)
    for (const auto& rule : step)
      if (rule.matches(x))
        return &rule;
  return nullptr;
}

bool rule_set::tells(const symptom& x, bool (*is_such)(failure_class)) const {
  for (const auto& step : steps_)
    for (const auto& rule : step)
      if (is_such(rule.rule.cls) && rule.matches(x))
        return true;
  return false;
}

} // namespace rota
