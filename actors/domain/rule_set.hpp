#pragma once

#include "actors/domain/answer.hpp"
#include "actors/domain/text_pattern.hpp"
#include "config/failure_rule.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace rota {

/// What rules are matched against.
struct symptom {
  provider who;
  int status;
  const answer& said;
  /// Its message, as text_pattern::prepared makes it.
  const std::string& text;
};

/// The rules in the order in which they are asked.
class rule_set {
public:
  struct compiled {
    failure_rule rule;
    std::optional<text_pattern> pattern;

    /// @throws std::runtime_error naming the rule if its text is no regular
    /// expression.
    explicit compiled(failure_rule x);

    bool matches(const symptom& x) const;
  };

  explicit rule_set(std::vector<failure_rule> rules);

  /// @returns The first that matches, or null.
  const compiled* find(const symptom& x) const;

  /// Whether any that matches has such a class: where the first goes by the
  /// code, a later one may know the words beside it.
  bool tells(const symptom& x, bool (*is_such)(failure_class)) const;

private:
  /// Those with codes or types, those with a text or an empty body, the rest.
  std::array<std::vector<compiled>, 3> steps_;
};

} // namespace rota
