#include "actors/domain/client_fold.hpp"

#include "messages/money_sum.hpp"

#include <chrono>

namespace rota {

namespace {

namespace calendar = std::chrono;

calendar::sys_days days(timestamp x) {
  return calendar::floor<calendar::days>(
    calendar::sys_time<milliseconds>{milliseconds{x.millis}});
}

bool is_charge(entry_kind x) {
  return x == entry_kind::settle || x == entry_kind::assume
         || x == entry_kind::late || x == entry_kind::overrun
         || x == entry_kind::correct;
}

/// How far behind an entry before it an entry may be without the clock having
/// been set back.
constexpr milliseconds late_most{60'000};

void count(int64_t (*period_of)(timestamp), const ledger_entry& x,
           int64_t& last, money& sum) {
  const auto period = period_of(x.at);
  if (period > last || period_of(x.at + late_most) < last) {
    last = period;
    sum = {};
  }
  sum = saturated_sum(sum, -x.amount);
}

} // namespace

int64_t day_of(timestamp x) {
  return days(x).time_since_epoch().count();
}

int64_t month_of(timestamp x) {
  const calendar::year_month_day date{days(x)};
  return int64_t{int{date.year()}} * 12 + unsigned{date.month()} - 1;
}

timestamp next_day(timestamp x) {
  const auto next = days(x) + calendar::days{1};
  return {milliseconds{next.time_since_epoch()}.count()};
}

bool is_set_back(const client_head& head, const ledger_entry& x) {
  return x.at + late_most < head.last_used
         || day_of(x.at + late_most) < head.day;
}

void fold(client_head& head, const ledger_entry& x) {
  if (x.kind == entry_kind::hold) {
    ++head.calls;
    if (x.at > head.last_used || is_set_back(head, x))
      head.last_used = x.at;
  } else if (is_charge(x.kind)) {
    head.spent = saturated_sum(head.spent, -x.amount);
    count(day_of, x, head.day, head.day_spent);
    count(month_of, x, head.month, head.month_spent);
  }
}

} // namespace rota
