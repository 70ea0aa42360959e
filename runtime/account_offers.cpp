#include "runtime/account_offers.hpp"

#include "actors/domain/dialect.hpp"

#include <algorithm>

namespace rota {

namespace {

/// A sentence names so many tags at most.
constexpr size_t shown_tags = 12;

bool has(const std::vector<std::string>& list, const std::string& x) {
  return std::find(list.begin(), list.end(), x) != list.end();
}

} // namespace

bool account_offer::serves(surface route, const std::string& model,
                           const std::vector<std::string>& wanted) const {
  return speaks(kind, route) && (models.empty() || has(models, model))
         && std::all_of(wanted.begin(), wanted.end(),
                        [this](const auto& tag) { return has(tags, tag); });
}

ec account_offers::serves(surface route, const std::string& model,
                          const std::vector<std::string>& tags) const {
  auto result = ec::no_such_model;
  for (const auto& x : all_) {
    if (x.serves(route, model, tags))
      return ec::ok;
    if (x.serves(route, model, {}))
      result = ec::no_such_tag;
  }
  return result;
}

std::string
account_offers::tag_fault(const std::vector<std::string>& tags) const {
  std::set<std::string> known;
  for (const auto& x : all_)
    known.insert(x.tags.begin(), x.tags.end());
  const auto unknown
    = std::find_if(tags.begin(), tags.end(),
                   [&known](const auto& tag) { return !known.contains(tag); });
  if (unknown == tags.end())
    return {};
  auto result = "No account has the tag " + *unknown;
  if (known.empty())
    return result + ", nor any other: set the tags of the accounts.";
  if (known.size() > shown_tags)
    return result + ": check its name, or the tags of the accounts.";
  result += ". The accounts' tags are:";
  for (const auto& tag : known)
    result += (tag == *known.begin() ? " " : ", ") + tag;
  return result + '.';
}

std::vector<std::string>
account_offers::models(surface route, const std::vector<std::string>& tags,
                       std::span<const std::string> asked,
                       std::span<const std::string> priced) const {
  std::set<std::string> result;
  for (const auto& x : all_) {
    for (const auto& model : asked)
      if (x.serves(route, model, tags))
        result.insert(model);
    for (const auto& model : x.models)
      if (x.serves(route, model, tags))
        result.insert(model);
    if (x.models.empty())
      for (const auto& model : priced)
        if (makes(x.kind, route, model) && x.serves(route, model, tags))
          result.insert(model);
  }
  return {result.begin(), result.end()};
}

} // namespace rota
