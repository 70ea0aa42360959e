#pragma once

#include "messages/account.hpp"

#include <map>

namespace rota {

/// A wait, how often it came in a row, and why.
struct cooldown {
  timestamp until;
  uint32_t times = 0;
  std::string reason;

  /// Waits from `now` on. What fails together is one reason to wait longer,
  /// not many.
  void begin(milliseconds span, std::string why, timestamp now);
};

/// The cooldowns of single models. Callers may name any model, so only so
/// many are remembered. Pure.
class model_cooldowns {
public:
  /// @returns The model's, made if there is none.
  cooldown& at(const std::string& model, timestamp now);

  bool has(const std::string& model, timestamp now) const;

  /// Forgets one that has passed: the model serves again.
  void served(const std::string& model, timestamp now);

  /// Those that last, by model.
  std::vector<model_cooldown> lasting(timestamp now) const;

  /// When the next of them ends; "never" if none lasts.
  timestamp next_end(timestamp now) const;

private:
  std::map<std::string, cooldown, std::less<>> models_;
};

} // namespace rota
