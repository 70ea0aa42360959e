#include "actors/domain/cooldowns.hpp"

#include <algorithm>

namespace rota {

namespace {

constexpr size_t models_max = 256;

} // namespace

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

void model_cooldowns::erase(const std::string& model) {
  if (const auto i = models_.find(model); i != models_.end())
    models_.erase(i);
}

std::vector<model_cooldown> model_cooldowns::lasting(timestamp now) const {
  std::vector<model_cooldown> result;
  for (const auto& [model, x] : models_)
    if (x.way.is_open(now))
      result.push_back({model, x.way.until(), x.reason, {}, false});
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
         !x.way.is_open(now)});
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
