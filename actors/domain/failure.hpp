#pragma once

#include "config/failure_rule.hpp"
#include "messages/failure.hpp"
#include "messages/job.hpp"
#include "messages/upstream.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rota {

/// Judges how attempts ended, by rules that are data. Immutable once made.
///
/// Order of decision: the transfer itself; HTML instead of JSON; structured
/// codes and types; texts of the error message; status of the provider. The
/// first rule that matches within a step wins, the user's rules before the
/// built-in ones. A fault inside of a 2xx goes the same way, with the status
/// that it names itself.
class failure_rules {
public:
  /// @throws std::runtime_error naming the rule if a pattern is no regular
  /// expression.
  explicit failure_rules(std::vector<failure_rule> rules);
  ~failure_rules();

  /// A success may come with a cooldown of its model: its limit is used up.
  verdict judge(provider who, surface route, const upstream_outcome& x,
                timestamp now) const;

  /// Whether the data of a stream's event is a fault that tells of the
  /// account's key or money, or of a relay's own: no caller may read it.
  bool is_private(provider who, surface route, std::string_view event) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

using failure_rules_ptr = std::shared_ptr<const failure_rules>;

} // namespace rota
