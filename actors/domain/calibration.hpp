#pragma once

#include "actors/domain/spend_window.hpp"
#include "messages/account.hpp"

#include <optional>
#include <vector>

namespace rota {

/// What a provider really charges in relation to what the price table and the
/// account's multiplier say. Between two readings U' and U the factor was
///
///   r = (U' - U) / D
///
/// where D is what attempts were booked at between L/2 before the one question
/// and L/2 before the other: a charge shows up within the lag L. The price
/// factor is the median of the last 21 r, between 0.5 and 2. Estimates are
/// multiplied by it before they are held; what is booked already stays.
///
/// A window is left open until D is 100 steps of the provider's figure, so that
/// rounding is below one per cent. It is thrown away if money came in, for how
/// much is known from these very books, or if more than one per cent of it was
/// in doubt. Pure; integers only; every r is rounded to the nearest millionth.
class calibration {
public:
  /// Windows that the median is taken of, and those needed to trust it.
  static constexpr size_t windows_max = 21;
  static constexpr size_t windows_least = 3;
  static constexpr factor least{500'000};
  static constexpr factor most{2'000'000};

  /// The factor is off beyond this distance from 1, for as many windows.
  static constexpr int64_t tolerance_ppm = 20'000;
  static constexpr uint32_t off_windows = 3;

  /// @param began When this run did: what earlier ones charged is not in its
  ///              windows, so the first begins a lag later.
  /// @param x What earlier runs learnt.
  calibration(milliseconds lag, timestamp began, const account_row& x);

  void lag(milliseconds x);

  /// An attempt was booked at this cost.
  void charged(money cost, timestamp now);

  /// Of this amount it became unclear, or clear, whether it was charged.
  void unsure(money amount);

  /// A reading came. @returns Whether anything changed that is to be stored.
  bool reading(money figure, timestamp asked_at, money quantum);

  /// Money came in, or the books were corrected: the open window is void.
  void restart();

  /// 1 until enough is known.
  factor price_factor() const {
    return factor_;
  }

  /// Whether it has been off for three windows: the price table or the
  /// multiplier is wrong.
  bool is_off() const {
    return off_ >= off_windows;
  }

  /// Fills in its part of a row.
  void store(account_row& to) const;

private:
  void learn(factor ratio);
  void derive();

  struct mark {
    money figure;
    money spent;
  };

  milliseconds lag_;
  timestamp began_;
  spend_window recent_;
  money spent_;  // In this run.
  money unsure_; // Since the window began.
  std::optional<mark> begin_;
  std::vector<factor> ratios_; // The oldest first.
  uint32_t off_ = 0;
  factor factor_;
};

} // namespace rota
