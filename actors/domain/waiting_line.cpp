#include "actors/domain/waiting_line.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace rota {

namespace {

int magnitude_of(money x) {
  const auto nanos = static_cast<uint64_t>(std::max(x.nanos, int64_t{1}));
  return static_cast<int>(std::bit_width(nanos));
}

} // namespace

line_key line_of(const hold_request& x, account_id keeper,
                 std::span<const account_id> excluded) {
  return {is_line(x.work->id),
          x.work->pinned.has_value(),
          x.work->route,
          x.work->model,
          x.work->tags,
          keeper,
          {excluded.begin(), excluded.end()},
          magnitude_of(x.list_cost)};
}

bool may_wait(ec why, const job& x) {
  switch (why) {
    case ec::no_such_model:
    case ec::no_such_tag:
      return is_line(x.id);
    case ec::at_limit:
    case ec::cooling:
    case ec::insufficient_funds:
    case ec::balance_unknown:
    case ec::reading_stale:
    case ec::ejected:
    case ec::not_ready:
    case ec::disk_low:
      return true;
    default:
      return false;
  }
}

bool is_no_more_than(const hold_request& x, const hold_request& y) {
  const auto mine = x.work->deadline;
  const auto theirs = y.work->deadline;
  return x.list_cost <= y.list_cost
         && tokens_of(*x.work) <= tokens_of(*y.work)
         && (mine.millis == 0 || (theirs.millis != 0 && theirs <= mine));
}

bool is_hopeless(const no_pick& none, timestamp deadline) {
  return deadline.millis != 0 && !none.is_soon
         && (none.earliest.millis == 0 || none.earliest > deadline);
}

} // namespace rota
