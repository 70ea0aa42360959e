#pragma once

#include "tools/sim/rule.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace rota::sim {

/// What a rule may look at.
struct call_facts {
  std::string_view key;
  std::string_view account;
  std::string_view model;
  std::string_view path;
  /// Whether the path is one that costs money.
  bool paid = true;
  std::string_view body = {};
};

/// The failures to come. Pure but for its counters: the same calls in the same
/// order meet the same rules.
class script {
public:
  script() = default;
  script(std::vector<rule> rules, uint64_t seed);

  /// @param since How long the script has been in force.
  /// @returns The first rule that applies, or null.
  const rule* decide(const call_facts& call, microseconds since);

  /// @returns The next rule that moves money and is due, once each; or null.
  const rule* due(microseconds since);

private:
  struct counters {
    uint64_t seen = 0;
    uint64_t applied = 0;
  };

  bool applies(const rule& x, counters& count, size_t index);

  std::vector<rule> rules_;
  std::vector<counters> counters_;
  /// Rules that move money, by time.
  std::vector<rule> payments_;
  size_t paid_ = 0;
  uint64_t seed_ = 0;
};

/// @returns Whether a path is meant by a pattern whose last `*` stands for any
/// rest.
bool path_matches(std::string_view pattern, std::string_view path);

} // namespace rota::sim
