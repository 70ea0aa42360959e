// How a reading is compared with the books.
//
// Let L be the longest time after which a charge shows up in a reading, q the
// step to which the figure is rounded, C what was charged in the last L before
// the question was sent, and R what is held. Of C and R nobody knows how much
// the figure contains, so a figure U agrees with the books' balance B iff
//
//   B - R - q  <=  U  <=  B + C + q
//
// What lies outside is booked: below, U - (B - R), for somebody else has spent
// or prices are higher than we think; above, U - (B + C), for there is new
// money or prices are lower. While nothing is held or was charged lately both
// are U - B, and the books come to agree with the figure. A figure inside
// changes nothing: the books stay the authority, and nothing counts twice.
//
// Until the next reading the worse of two views counts: the books, and the
// figure less all that was charged since the window began. The price of never
// being optimistic is the use of at most one window's spend.

#include "actors/domain/ledger.hpp"

#include <algorithm>
#include <tuple>

namespace rota {

namespace {

/// New money is called a top-up from one dollar or one per cent on; less is
/// noise of the prices.
constexpr money topup_least{1'000'000'000};
constexpr int64_t topup_part = 100;

/// What lies beyond a billion dollars is no figure: relays write such numbers
/// for "unlimited".
constexpr money figure_most{1'000'000'000'000'000'000};

} // namespace

reading_result ledger::reading(money figure, timestamp asked_at,
                               timestamp now) {
  if (asked_at <= asked_at_)
    return reading_result::consistent;
  // After this point, the reading counts.
  asked_at_ = asked_at;
  figure = std::clamp(figure, -figure_most, figure_most);
  auto result = reading_result::consistent;
  const auto window_begin = asked_at - rules_.posting_lag;
  const auto in_window = spent_since(window_begin);
  if (!head_.funded) {
    std::ignore = open(figure, now);
    result = reading_result::first;
  } else {
    const auto least = head_.balance - head_.held;
    const auto most = head_.balance + in_window;
    money off;
    if (figure < least - rules_.quantum) {
      off = figure - least;
      result = reading_result::unexplained;
    } else if (figure > most + rules_.quantum) {
      off = figure - most;
      const auto part = money{head_.balance.nanos / topup_part};
      result = off >= std::max(topup_least, part) ? reading_result::topped_up
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
  recent_.forget_before(window_begin);
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
  // What an earlier run spent within the window is not known any more; all
  // that was spent since its last reading is an upper bound.
  const auto known = window_from_.millis == 0 || window_from_ < t;
  return known ? recent_.since(t) : head_.spent_since_reading;
}

} // namespace rota
