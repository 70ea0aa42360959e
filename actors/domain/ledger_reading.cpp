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
// L is what is configured, until charges are seen to be later: lag_watch.hpp.
//
// Doubts are held. Once every attempt in doubt ended longer ago than the lag,
// while nothing else is held and C is nil, the figure contains what they came
// to: the books then agree with it but for B - U, and that is what the doubts
// were charged together. Which of them was is a guess that moves no money.
//
// Until the next reading the worse of two views counts: the books, and the
// figure less all that was charged since the window began. The price of never
// being optimistic is the use of at most one window's spend. Both views only
// know what we spend ourselves. A reading that is too old says nothing about
// others any more: then a part of what is left is kept back besides.

#include "actors/domain/ledger.hpp"

#include "actors/domain/ledger_fold.hpp"
#include "messages/available.hpp"

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

reading_result ledger::reading(money figure, reading_cut asked,
                               timestamp now) {
  if (asked.seq <= head_.read_cut)
    return reading_result::consistent;
  // After this point, the reading counts.
  figure = std::clamp(figure, -figure_most, figure_most);
  const auto window_begin = asked.at - lag_.value();
  auto in_window = spent_since(window_begin);
  auto result = reading_result::first;
  if (!head_.funded) {
    std::ignore = open(figure, now);
  } else {
    if (in_window == money{})
      resolve_doubts(figure, window_begin, now);
    const auto before = head_.balance;
    result = reconcile(figure, in_window, now);
    // A lag that is longer from here on is so for this reading already.
    if (lag_.reading({asked.at, in_window, head_.held,
                      head_.balance - before})) {
      recent_.reach(lag_.value());
      in_window = spent_since(asked.at - lag_.value());
    }
  }
  head_.reading = figure;
  head_.read_at = asked.at;
  head_.read_cut = asked.seq;
  head_.spent_since_reading = in_window;
  recent_.forget_before(asked.at - lag_.most());
  auto& x = append(entry_kind::reading, figure, {}, now);
  if (asked.at.millis != 0)
    x.at = asked.at;
  x.in_window = in_window;
  x.cut = asked.seq;
  return result;
}

reading_result ledger::reconcile(money figure, money in_window,
                                 timestamp now) {
  const auto least = head_.balance - head_.held;
  const auto most = head_.balance + in_window;
  auto result = reading_result::consistent;
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
  return result;
}

void ledger::resolve_doubts(money figure, timestamp window_begin,
                            timestamp now) {
  std::vector<open_hold> doubts;
  for (const auto& [id, x] : open_) {
    // Of a dead run is only known that it began its calls before this one.
    const auto made_at = std::max(x.made_at, window_from_);
    if (!x.in_doubt || made_at + rules_.attempt_max > window_begin)
      return;
    doubts.push_back(x);
  }
  std::sort(doubts.begin(), doubts.end(), [](const auto& x, const auto& y) {
    return std::tie(x.made_at, x.id) < std::tie(y.made_at, y.id);
  });
  // After this point, all doubts must end.
  auto missing = head_.balance - figure;
  if (missing <= rules_.quantum)
    missing = {};
  for (const auto& x : doubts) {
    const auto charged = std::min(missing, x.amount);
    missing -= charged;
    const auto how
      = charged > money{} ? entry_kind::assume : entry_kind::release;
    end_hold(open_.find(x.id), how, charged, now);
    if (how == entry_kind::release) {
      append(how, x.amount, x.id, now);
      continue;
    }
    // The figure contains it already, so it is no part of any window.
    head_.balance -= charged;
    count_charge(head_, charged, now);
    append(how, -charged, x.id, now);
  }
}

money ledger::available() const {
  return available_of(head_);
}

timestamp ledger::stale_at() const {
  if (head_.read_at.millis == 0 || rules_.stale_after.count() == 0)
    return {};
  return head_.read_at + rules_.stale_after;
}

bool ledger::is_stale(timestamp now) const {
  const auto at = stale_at();
  return at.millis != 0 && now > at;
}

money ledger::haircut(timestamp now) const {
  const auto left = available() + head_.held;
  if (!is_stale(now) || left <= money{})
    return {};
  // Rounded up; whole parts first, so that nothing overflows.
  const auto percent = int64_t{rules_.stale_haircut_percent};
  return money{left.nanos / 100 * percent
               + (left.nanos % 100 * percent + 99) / 100};
}

money ledger::spent_since(timestamp t) const {
  // What an earlier run spent within the window is not known any more; all
  // that was spent since its last reading is an upper bound.
  const auto known = window_from_.millis == 0 || window_from_ < t;
  return std::min(known ? recent_.since(t) : head_.spent_since_reading, most);
}

} // namespace rota
