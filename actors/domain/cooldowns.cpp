#include "actors/domain/cooldowns.hpp"

#include <algorithm>

namespace rota {

namespace {

constexpr size_t models_max = 256;

} // namespace

void cooldown::begin(milliseconds span, std::string why, timestamp now) {
  if (until <= now)
    ++times;
  until = std::max(until, now + span);
  reason = std::move(why);
}

cooldown& model_cooldowns::at(const std::string& model, timestamp now) {
  if (models_.size() >= models_max && !models_.contains(model)) {
    std::erase_if(models_,
                  [now](const auto& x) { return x.second.until <= now; });
    if (models_.size() >= models_max)
      models_.erase(std::min_element(models_.begin(), models_.end(),
                                     [](const auto& x, const auto& y) {
                                       return x.second.until < y.second.until;
                                     }));
  }
  return models_[model];
}

bool model_cooldowns::has(const std::string& model, timestamp now) const {
  const auto i = models_.find(model);
  return i != models_.end() && i->second.until > now;
}

void model_cooldowns::served(const std::string& model, timestamp now) {
  if (const auto i = models_.find(model);
      i != models_.end() && i->second.until <= now)
    models_.erase(i);
}

std::vector<model_cooldown> model_cooldowns::lasting(timestamp now) const {
  std::vector<model_cooldown> result;
  for (const auto& [model, x] : models_)
    if (x.until > now)
      result.push_back({model, x.until, x.reason});
  return result;
}

timestamp model_cooldowns::next_end(timestamp now) const {
  timestamp result;
  for (const auto& [model, x] : models_)
    if (x.until > now && (result.millis == 0 || x.until < result))
      result = x.until;
  return result;
}

} // namespace rota
