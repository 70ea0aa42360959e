#pragma once

#include "actors/domain/circuit.hpp"
#include "config/options.hpp"
#include "messages/account.hpp"

#include <map>
#include <optional>

namespace rota {

/// A circuit, how often it opened since it was last closed, and why.
struct cooldown {
  circuit way;
  uint32_t times = 0;
  uint32_t failures_in_row = 0; ///< While it was not open.
  std::string reason;
  bool is_missing = false; ///< Of a model: the site said that it has none.

  /// An attempt failed, which alone is no reason to wait unless it was to tell
  /// whether this is back.
  /// @param most So many failures in a row are a reason.
  /// @returns Whether there is one now.
  bool is_enough(const std::optional<circuit::trial>& tried,
                 attempt_serial failed, uint32_t most, timestamp now);

  /// An attempt failed for a reason to wait.
  /// @param named How long, where the provider said it; else by back-off.
  /// @param next The first attempt that has not begun yet.
  void begin(const std::optional<circuit::trial>& tried,
             attempt_serial failed, std::optional<milliseconds> named,
             const health_options& options, attempt_serial next, timestamp now,
             double jitter);

  /// Whether a success says that it is back.
  bool is_back_by(const std::optional<circuit::trial>& tried,
                  attempt_serial succeeded, timestamp now) const {
    return !way.is_late(succeeded)
           && (!way.is_open(now) || (tried && tried->early));
  }

  /// Whether it may be tried although it is open.
  bool is_due(timestamp now) const {
    const auto at = way.early_at(now);
    return at.millis != 0 && at <= now;
  }
};

/// @returns `base`, doubled so many times, at most `max`.
milliseconds doubled(milliseconds base, milliseconds max, uint32_t times);

/// @returns `x` lengthened by up to a fifth, five minutes at most, so that what
/// failed together does not come back together. `jitter` is uniform in [0, 1).
milliseconds jittered(milliseconds x, double jitter);

/// @returns When it may be tried early, should its time be our own guess.
timestamp early_from(timestamp now, const health_options& options,
                     double jitter);

/// The cooldowns of single models. Callers may name any model, so only so
/// many are remembered. Pure.
class model_cooldowns {
public:
  /// @returns The model's, made if there is none.
  cooldown& at(const std::string& model, timestamp now);

  /// @returns Null if nothing is known against the model.
  cooldown* find(const std::string& model);
  const cooldown* find(const std::string& model) const;

  /// An attempt succeeded. Forgets the model once it is back for good.
  void served(const std::optional<circuit::trial>& tried,
              const std::string& model, attempt_serial id, milliseconds ramp,
              timestamp now);

  /// The provider will refuse the model until then: no fault of anybody.
  void rest(const std::string& model, timestamp until, attempt_serial next,
            timestamp now);

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
