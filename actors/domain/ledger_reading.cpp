// How a reading is compared with the books.
//
// Let L be the longest time after which a charge shows up in a reading, q the
// step to which the figure is rounded, C what was charged in the last L before
// the question was sent, and R what is held. Of C and R nobody knows how much
// the figure contains, so a figure U agrees with the books' balance B iff
//
//   B - R - q  <=  U  <=  B + C + q
//
// What lies outside is booked, up to the border that is nearest: below it
// somebody else has spent, or prices are higher than we think; above it there
// is new money, or prices are lower. With C = R = 0 the interval is a point
// and the books follow the figure exactly.
//
// Until the next reading the worse of two views counts: the books, and the
// figure less all that was charged since the window began.

#include "actors/domain/ledger.hpp"

#include <algorithm>
#include <tuple>

namespace rota {

namespace {

/// New money is called a top-up from one dollar or one per cent on; less is
/// noise of the prices.
constexpr money topup_least{1'000'000'000};
constexpr int64_t topup_part = 100;

} // namespace

reading_result ledger::reading(money figure, timestamp asked_at,
                               timestamp now) {
  if (head_.read_at.millis != 0 && asked_at <= head_.read_at)
    return reading_result::consistent; // Older than what is known.
  // After this point, the reading counts.
  auto result = reading_result::consistent;
  const auto in_window = spent_since(asked_at - rules_.posting_lag);
  if (!head_.funded) {
    std::ignore = open(figure, now);
    result = reading_result::first;
  } else {
    const auto in_flight = head_.held;
    const auto quiet = in_window == money{} && in_flight == money{};
    const auto step = quiet ? money{} : rules_.quantum;
    const auto least = head_.balance - in_flight - step;
    const auto most = head_.balance + in_window + step;
    const auto off = figure < least  ? figure - least
                     : figure > most ? figure - most
                                     : money{};
    if (off > money{-rules_.quantum.nanos - 1} && off < money{}) {
      // Rounding alone; follow it silently.
      result = reading_result::consistent;
    } else if (off < money{}) {
      result = reading_result::unexplained;
    } else if (off > rules_.quantum) {
      const auto jump = std::max(topup_least,
                                 money{head_.balance.nanos / topup_part});
      result = off >= jump ? reading_result::topped_up
                           : reading_result::adjusted;
    }
    if (off != money{}) {
      head_.balance += off;
      append(result == reading_result::topped_up ? entry_kind::topup
                                                 : entry_kind::adjust,
             off, {}, now);
    }
  }
  head_.reading = figure;
  head_.read_at = asked_at;
  head_.spent_since_reading = in_window;
  ledger_entry x;
  x.kind = entry_kind::reading;
  x.amount = figure;
  x.at = asked_at;
  x.in_window = in_window;
  append(x, now);
  return result;
}

money ledger::available() const {
  auto left = head_.balance;
  if (head_.read_at.millis != 0)
    left = std::min(left, head_.reading - head_.spent_since_reading);
  return left - head_.held;
}

money ledger::spent_since(timestamp t) const {
  money result;
  for (const auto& x : recent_)
    // A slot counts whole: rather too much than too little.
    if (x.from + milliseconds{1'000} > t)
      result += x.spent;
  // What an earlier run spent within the window is not known any more; all
  // that was spent since its last reading is an upper bound.
  if (window_from_.millis != 0 && window_from_ > t)
    result = std::max(result, head_.spent_since_reading);
  return result;
}

} // namespace rota
