#pragma once

#include "actors/domain/price_ratios.hpp"
#include "actors/domain/spend_window.hpp"
#include "messages/account_row.hpp"
#include "messages/money_sum.hpp"

#include <boost/container/flat_map.hpp>
#include <boost/container/small_vector.hpp>

#include <map>
#include <optional>
#include <string>
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
  /// @param began When this run did: what earlier ones charged is not in its
  ///              windows, so the first begins a lag later.
  /// @param x What earlier runs learnt.
  calibration(milliseconds lag, timestamp began, const account_row& x);

  void lag(milliseconds x);

  /// An attempt was booked at this cost; empty: nobody knows for which model.
  void charged(money cost, timestamp now, const std::string& model = {});

  /// Of this amount it became unclear, or clear, whether it was charged.
  void unsure(money amount);

  /// A reading came. @returns Whether anything changed that is to be stored.
  bool reading(money figure, timestamp asked_at, money quantum);

  /// Money came in, or the books were corrected: the open window is void.
  void restart();

  /// 1 until enough is known.
  factor price_factor() const {
    return ratios_.value();
  }

  /// Whether it has been off for three windows: the price table or the
  /// multiplier is wrong.
  bool is_off() const {
    return ratios_.is_off();
  }

  /// The models whose prices have been off, so far as windows say in which
  /// nothing else was charged. Of this run.
  std::vector<model_factor> models_off() const;

  /// Fills in its part of a row.
  void store(account_row& to) const;

private:
  void learn(factor ratio, timestamp begin);
  void forget_before(timestamp t);

  struct mark {
    money figure;
    money_sum spent;
    timestamp at;
  };

  milliseconds lag_;
  timestamp began_;
  spend_window recent_;
  money_sum spent_;  // In this run.
  money_sum unsure_; // Since the window began.
  std::optional<mark> begin_;
  price_ratios ratios_;
  std::map<std::string, price_ratios> by_model_;
  // When each model was charged last. Mostly there is but one.
  boost::container::flat_map<
    std::string, timestamp, std::less<>,
    boost::container::small_vector<std::pair<std::string, timestamp>, 1>>
    charged_at_;
};

} // namespace rota
