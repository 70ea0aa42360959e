#pragma once

#include "actors/domain/spend_window.hpp"
#include "messages/money.hpp"
#include "messages/time.hpp"

namespace rota {

/// How late a provider's charges show up in its readings, learnt upward from
/// what is configured.
///
/// A charge that is later than the lag L in use makes a figure look like new
/// money: X is booked in. Once it shows up, the same X is missing and is booked
/// out. Money that came and went like this was late, and the lag is at least as
/// long as the way back over the latest charges to all that the first figure
/// can have missed: X and what was charged within L. What comes back may be X
/// less what is held, so a correction counts if it is at least half of X.
///
/// A stranger who pays in and spends the same amount is taken for a late
/// charge: a longer lag only makes the account more careful. No lag exceeds ten
/// times what is configured or ten minutes, whichever is longer. Pure.
class lag_watch {
public:
  /// @param learnt By earlier runs; zero: nothing.
  lag_watch(milliseconds configured, money quantum, milliseconds learnt);

  void rules(milliseconds configured, money quantum);

  /// A charge was booked.
  void charged(money cost, timestamp now);

  /// How a reading was judged that was asked for at `at`: what was charged in
  /// the lag before it, what is held, and by what the books were corrected.
  struct judgement {
    timestamp at;
    money in_window;
    money held;
    money correction;
  };

  /// @returns Whether the lag is longer now.
  bool reading(const judgement& x);

  /// An operator corrected the books: what looked new may be explained by
  /// that.
  void restart() {
    waiting_ = {};
    needed_ = {};
  }

  /// The lag to be used.
  milliseconds value() const {
    return std::max(configured_, std::min(learnt_, most()));
  }

  /// Zero: nothing.
  milliseconds learnt() const {
    return learnt_;
  }

  /// No lag is longer.
  milliseconds most() const;

private:
  void came(const judgement& x);
  bool went(const judgement& x);

  milliseconds configured_;
  money quantum_;
  milliseconds learnt_;
  spend_window recent_;
  // What was booked in and has not been booked out, and the lag that explains
  // it.
  money waiting_;
  milliseconds needed_{0};
};

} // namespace rota
