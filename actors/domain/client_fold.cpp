#include "actors/domain/client_fold.hpp"

#include <algorithm>
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

void count(int64_t period, money amount, int64_t& last, money& sum) {
  if (period > last) {
    last = period;
    sum = {};
  }
  sum -= amount;
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

void fold(client_head& head, const ledger_entry& x) {
  if (x.kind == entry_kind::hold) {
    ++head.calls;
    head.last_used = std::max(head.last_used, x.at);
  } else if (is_charge(x.kind)) {
    head.spent -= x.amount;
    count(day_of(x.at), x.amount, head.day, head.day_spent);
    count(month_of(x.at), x.amount, head.month, head.month_spent);
  }
}

} // namespace rota
