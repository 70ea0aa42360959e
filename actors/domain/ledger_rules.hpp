#pragma once

#include "messages/money.hpp"
#include "messages/time.hpp"

namespace rota {

/// How a ledger judges readings. Sources: the interval rule and the
/// pessimistic second view are derived in the comments of ledger_reading.cpp.
struct ledger_rules {
  /// How late a charge may show up in a reading; longer once it is seen to.
  milliseconds posting_lag{120'000};
  /// A reading is a multiple of this.
  money quantum{2'000};
  /// So long after its hold was made, an attempt is over.
  milliseconds attempt_max{0};
  /// A reading older than this is stale; zero: readings never are.
  milliseconds stale_after{0};
  /// What is kept back of a balance whose reading is stale, in per cent.
  uint32_t stale_haircut_percent = 5;
  /// Whether nothing at all is held on a stale reading.
  bool stale_stops = false;
};

/// What a reading was found to say.
enum class reading_result : uint8_t {
  consistent = 0, ///< Within what lag and holds explain.
  unexplained,    ///< Less than that: somebody else spends, or prices differ.
  topped_up,      ///< More than that: new money.
  adjusted,       ///< Somewhat more: prices are lower than we think.
  first,          ///< The first figure for this account ever.
};

} // namespace rota
