#include "actors/domain/circuit.hpp"

#include <algorithm>

namespace rota {

namespace {

/// Of the limit, at the beginning of a ramp.
constexpr int64_t first_part = 10;

/// Steps of a ramp that follow closer are taken together.
constexpr milliseconds step_min{50};

} // namespace

void circuit::open(timestamp until, timestamp early, attempt_serial next,
                   timestamp now) {
  const auto strict = is_open(now) && early_.millis == 0;
  early_ = strict ? timestamp{} : early;
  until_ = std::max(until_, until);
  ramp_from_ = {};
  since_ = next;
  trials_.clear();
}

void circuit::extend(timestamp until, attempt_serial next) {
  open(until, {}, next, until_);
}

void circuit::retry(timestamp own, attempt_serial next) {
  if (until_ <= own)
    until_ = early_ = {};
  open(timestamp{1}, {}, next, until_);
}

void circuit::succeeded(timestamp now) {
  until_ = early_ = {};
  ramp_from_ = now;
}

void circuit::begin(attempt_serial id, timestamp lost_at, milliseconds ramp,
                    timestamp now) {
  if (is_closed(ramp, now)) {
    trials_.clear();
    return;
  }
  std::erase_if(trials_, [now](const trial& x) { return x.lost_at <= now; });
  trials_.push_back({id, lost_at, is_open(now)});
}

std::optional<circuit::trial> circuit::end(attempt_serial id) {
  const auto i = std::find_if(trials_.begin(), trials_.end(),
                              [id](const trial& x) { return x.id == id; });
  if (i == trials_.end())
    return std::nullopt;
  const auto result = *i;
  trials_.erase(i);
  return result;
}

uint32_t circuit::room(uint32_t limit, milliseconds ramp,
                       timestamp now) const {
  if (is_open(now))
    return 0;
  if (is_closed(ramp, now))
    return limit;
  const auto all = most(limit, ramp, now);
  const auto used = trials(now);
  return all > used ? all - used : 0;
}

timestamp circuit::early_at(timestamp now) const {
  return is_open(now) && trials(now) == 0 ? early_ : timestamp{};
}

timestamp circuit::next_change(uint32_t limit, milliseconds ramp,
                               timestamp now) const {
  auto result = timestamp{};
  const auto sooner = [&result, now](timestamp x) {
    if (x > now && (result.millis == 0 || x < result))
      result = x;
  };
  if (is_closed(ramp, now))
    return result;
  sooner(until_);
  sooner(early_at(now));
  for (const auto& x : trials_)
    sooner(x.lost_at);
  if (until_.millis != 0)
    return result;
  const auto all = most(limit, ramp, now);
  if (all >= limit)
    return result;
  // The first moment at which one more is let through.
  const auto step = (ramp.count() * (all + 1) + limit - 1) / limit;
  sooner(std::max(ramp_from_ + milliseconds{step}, now + step_min));
  return result;
}

uint32_t circuit::trials(timestamp now) const {
  return static_cast<uint32_t>(
    std::count_if(trials_.begin(), trials_.end(),
                  [now](const trial& x) { return x.lost_at > now; }));
}

uint32_t circuit::most(uint32_t limit, milliseconds ramp,
                       timestamp now) const {
  if (is_half_open(now))
    return 1;
  const auto passed = std::max((now - ramp_from_).count(),
                               ramp.count() / first_part);
  return std::max(1u, static_cast<uint32_t>(limit * passed / ramp.count()));
}

} // namespace rota
