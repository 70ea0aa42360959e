#pragma once

#include "messages/attempt.hpp"
#include "messages/time.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace rota {

/// The way back of something that is not used for a while: an account, or a
/// model on an account. Pure.
///
///   closed -> open (there is a reason not to use it) -> half-open (its time
///   passed: one attempt tries it) -> ramping (that succeeded: more and more
///   attempts at once) -> closed
///
/// An attempt that began before it opened judges nothing: it is late. One that
/// never ends is lost at a time that is known when it begins, and then stands
/// in nobody's way. Source: Nygard's circuit breaker; the ramp is linear, as
/// Envoy's slow start is, from a tenth on.
class circuit {
public:
  /// An attempt that began while this was not closed.
  struct trial {
    attempt_serial id;
    timestamp lost_at;
    bool early = false; ///< It began while this was open.
  };

  /// Lets nothing through until then; never shortens. From `early` on it may
  /// be tried all the same where nothing else is left; "never": not at all,
  /// which stays so while it is open. `next` is the first attempt that is not
  /// late.
  void open(timestamp until, timestamp early, attempt_serial next,
            timestamp now);

  /// Somebody names a time: be it before the end of a guess, from then on
  /// nobody tries early, and whoever does so already judges no more.
  void extend(timestamp until, attempt_serial next);

  /// What was waited for until `own` is over: one attempt is to try it before
  /// it counts as closed. What lasts longer has another reason, and stays.
  void retry(timestamp own, attempt_serial next);

  /// An attempt that is not late succeeded.
  void succeeded(timestamp now);

  void begin(attempt_serial id, timestamp lost_at, milliseconds ramp,
             timestamp now);

  /// @returns The trial that this attempt was.
  std::optional<trial> end(attempt_serial id);

  bool is_late(attempt_serial id) const {
    return id < since_;
  }

  bool is_open(timestamp now) const {
    return until_ > now;
  }

  bool is_half_open(timestamp now) const {
    return until_.millis != 0 && until_ <= now;
  }

  bool is_closed(milliseconds ramp, timestamp now) const {
    return until_.millis == 0
           && (ramp_from_.millis == 0 || now >= ramp_from_ + ramp);
  }

  /// How many more attempts may begin now, of `limit` at once when closed,
  /// where those that have nothing to do with it are not counted.
  uint32_t room(uint32_t limit, milliseconds ramp, timestamp now) const;

  /// When it may be tried although it is open; "never" if it is not open, may
  /// not, or is being tried.
  timestamp early_at(timestamp now) const;

  /// When `room` or `early_at` next changes by time alone; "never" if neither
  /// does.
  timestamp next_change(uint32_t limit, milliseconds ramp,
                        timestamp now) const;

  /// "Never" once it has been tried with success.
  timestamp until() const {
    return until_;
  }

private:
  uint32_t trials(timestamp now) const;
  uint32_t most(uint32_t limit, milliseconds ramp, timestamp now) const;

  timestamp until_;
  timestamp early_;
  timestamp ramp_from_; // The success that began the ramp.
  attempt_serial since_;
  std::vector<trial> trials_;
};

} // namespace rota
