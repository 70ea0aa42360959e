#include "actors/domain/cooldowns.hpp"

#include <algorithm>

namespace rota {

namespace {

constexpr size_t models_max = 256;

/// Waits are lengthened by up to this part, and by so much at most: who is back
/// with the month is not to lose days of it.
constexpr double jitter_part = 0.2;
constexpr double jitter_max_ms = 300'000;

} // namespace

milliseconds doubled(milliseconds base, milliseconds max, uint32_t times) {
  const auto shift = std::min(times, 20u);
  return std::min(max, base * (int64_t{1} << shift));
}

milliseconds jittered(milliseconds x, double jitter) {
  const auto most
    = std::min(static_cast<double>(x.count()) * jitter_part, jitter_max_ms);
  return x + milliseconds{static_cast<int64_t>(most * jitter)};
}

timestamp early_from(timestamp now, const health_options& options,
                     double jitter) {
  const auto wait = options.last_resort;
  return wait.count() > 0 ? now + jittered(wait, jitter) : timestamp{};
}

bool cooldown::is_enough(const std::optional<circuit::trial>& tried,
                         attempt_serial failed, uint32_t most, timestamp now) {
  if (way.is_late(failed))
    return false;
  const auto decides = way.is_half_open(now) || (tried && tried->early);
  if (!decides && ++failures_in_row < most)
    return false;
  failures_in_row = 0;
  return true;
}

void cooldown::begin(const std::optional<circuit::trial>& tried,
                     attempt_serial failed,
                     std::optional<milliseconds> named,
                     const health_options& options, attempt_serial next,
                     timestamp now, double jitter) {
  if (way.is_late(failed)) {
    // What fails together is one reason to wait longer, not many.
    if (named)
      way.extend(now + jittered(*named, jitter), next);
    return;
  }
  if (way.is_closed(options.ramp, now))
    times = 0;
  if (!(tried && tried->early) || times == 0)
    ++times;
  const auto span
    = named ? std::max(*named, milliseconds{0})
            : doubled(options.cooldown_base, options.cooldown_max, times - 1);
  way.open(now + jittered(span, jitter),
           named ? timestamp{} : early_from(now, options, jitter), next, now);
}

cooldown& model_cooldowns::at(const std::string& model, timestamp now) {
  if (models_.size() >= models_max && !models_.contains(model)) {
    std::erase_if(models_,
                  [now](const auto& x) { return !x.second.way.is_open(now); });
    if (models_.size() >= models_max)
      models_.erase(std::min_element(models_.begin(), models_.end(),
                                     [](const auto& x, const auto& y) {
                                       return x.second.way.until()
                                              < y.second.way.until();
                                     }));
  }
  return models_[model];
}

cooldown* model_cooldowns::find(const std::string& model) {
  const auto i = models_.find(model);
  return i == models_.end() ? nullptr : &i->second;
}

const cooldown* model_cooldowns::find(const std::string& model) const {
  const auto i = models_.find(model);
  return i == models_.end() ? nullptr : &i->second;
}

void model_cooldowns::served(const std::optional<circuit::trial>& tried,
                             const std::string& model, attempt_serial id,
                             milliseconds ramp, timestamp now) {
  const auto i = models_.find(model);
  if (i == models_.end() || !i->second.is_back_by(tried, id, now))
    return;
  auto& way = i->second.way;
  i->second.failures_in_row = 0;
  if (way.until().millis != 0)
    way.succeeded(now);
  if (way.is_closed(ramp, now))
    models_.erase(i);
}

void model_cooldowns::rest(const std::string& model, timestamp until,
                           attempt_serial next, timestamp now) {
  auto& x = at(model, now);
  if (until <= x.way.until())
    return;
  x.way.extend(until, next);
  x.reason = "its rate limit is used up";
  x.is_missing = false;
}

std::vector<model_cooldown> model_cooldowns::lasting(timestamp now) const {
  std::vector<model_cooldown> result;
  for (const auto& [model, x] : models_)
    if (x.way.is_open(now))
      result.push_back(
        {model, x.way.until(), x.reason, {}, false, x.is_missing});
  return result;
}

std::vector<model_cooldown>
model_cooldowns::barred(uint32_t limit, milliseconds ramp,
                        timestamp now) const {
  std::vector<model_cooldown> result;
  for (const auto& [model, x] : models_)
    if (x.way.room(limit, ramp, now) == 0)
      result.push_back(
        {model, x.way.until(), x.reason, x.way.early_at(now),
         !x.way.is_open(now), x.is_missing});
  return result;
}

timestamp model_cooldowns::next_change(uint32_t limit, milliseconds ramp,
                                       timestamp now) const {
  timestamp result;
  for (const auto& [model, x] : models_)
    if (const auto next = x.way.next_change(limit, ramp, now);
        next.millis != 0 && (result.millis == 0 || next < result))
      result = next;
  return result;
}

} // namespace rota
