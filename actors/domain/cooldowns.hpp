#pragma once

#include "actors/domain/circuit.hpp"
#include "messages/account.hpp"

#include <map>

namespace rota {

/// A circuit, how often it opened in a row, and why.
struct cooldown {
  circuit way;
  uint32_t times = 0;
  std::string reason;
};

/// The cooldowns of single models. Callers may name any model, so only so
/// many are remembered. Pure.
class model_cooldowns {
public:
  /// @returns The model's, made if there is none.
  cooldown& at(const std::string& model, timestamp now);

  /// @returns Null if nothing is known against the model.
  cooldown* find(const std::string& model);
  const cooldown* find(const std::string& model) const;

  /// Forgets a model: it serves again.
  void erase(const std::string& model);

  /// Those that last, by model.
  std::vector<model_cooldown> lasting(timestamp now) const;

  /// Those of which no attempt may begin now, by model: the ones that last, and
  /// others while they are tried.
  std::vector<model_cooldown> barred(uint32_t limit, milliseconds ramp,
                                     timestamp now) const;

  /// When the next of them changes by time alone; "never" if none does.
  timestamp next_change(uint32_t limit, milliseconds ramp,
                        timestamp now) const;

private:
  std::map<std::string, cooldown, std::less<>> models_;
};

} // namespace rota
