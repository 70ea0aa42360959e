#include "tools/sim/script.hpp"

#include "tools/sim/draw.hpp"

#include <algorithm>

namespace rota::sim {

namespace {

bool is_about(const rule_match& x, const call_facts& call, microseconds since) {
  if (x.path.empty() ? !call.paid : !path_matches(x.path, call.path))
    return false;
  return (x.key.empty() || x.key == call.key)
         && (x.account.empty() || x.account == call.account)
         && (x.model.empty() || x.model == call.model)
         && (x.text.empty() || call.body.find(x.text) != std::string_view::npos)
         && since >= x.after
         && (!x.until || since < *x.until);
}

} // namespace

bool path_matches(std::string_view pattern, std::string_view path) {
  if (pattern.ends_with('*'))
    return path.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == path;
}

script::script(std::vector<rule> rules, uint64_t seed) : seed_{seed} {
  for (auto& x : rules)
    (x.moves_money() ? payments_ : rules_).push_back(std::move(x));
  std::stable_sort(payments_.begin(), payments_.end(),
                   [](const rule& x, const rule& y) {
                     return x.match.after < y.match.after;
                   });
  counters_.resize(rules_.size());
}

const rule* script::decide(const call_facts& call, microseconds since) {
  for (size_t i = 0; i < rules_.size(); ++i)
    if (is_about(rules_[i].match, call, since)
        && applies(rules_[i], counters_[i], i))
      return &rules_[i];
  return nullptr;
}

bool script::applies(const rule& x, counters& count, size_t index) {
  const auto& match = x.match;
  const auto n = ++count.seen;
  if (match.first > 0 && n > match.first)
    return false;
  if (match.every > 1 && n % match.every != 0)
    return false;
  if (match.times > 0 && count.applied >= match.times)
    return false;
  if (match.probability < 1'000'000
      && between(draw(seed_, index, n), 0, 999'999) >= match.probability)
    return false;
  ++count.applied;
  return true;
}

const rule* script::due(microseconds since) {
  if (paid_ == payments_.size() || payments_[paid_].match.after > since)
    return nullptr;
  return &payments_[paid_++];
}

} // namespace rota::sim
