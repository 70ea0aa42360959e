#include "actors/domain/response_pins.hpp"

#include <algorithm>

namespace rota {

std::vector<std::string>
response_pins::restore(std::vector<response_pin> all, milliseconds ttl,
                       size_t pins_max, timestamp now) {
  ttl_ = ttl;
  pins_max_ = pins_max;
  pins_.clear();
  places_.clear();
  std::sort(all.begin(), all.end(), [](const auto& x, const auto& y) {
    return std::tie(y.at, y.id) < std::tie(x.at, x.id);
  });
  for (auto& x : all) {
    pins_.push_back(std::move(x));
    places_.emplace(pins_.back().id, std::prev(pins_.end()));
  }
  return shrink(now);
}

std::optional<account_id> response_pins::find(std::string_view id,
                                              client_id client,
                                              timestamp now) const {
  const auto i = places_.find(std::string{id});
  if (i == places_.end() || i->second->client != client
      || now - i->second->at >= ttl_)
    return std::nullopt;
  return i->second->account;
}

std::vector<std::string> response_pins::bind(response_pin x, timestamp now) {
  if (x.id.empty() || x.id.size() > response_id_max || !is_new(x.id))
    return {};
  pins_.push_front(std::move(x));
  places_.emplace(pins_.front().id, pins_.begin());
  return shrink(now);
}

void response_pins::forget(std::string_view id) {
  const auto i = places_.find(std::string{id});
  if (i == places_.end())
    return;
  pins_.erase(i->second);
  places_.erase(i);
}

std::vector<std::string> response_pins::shrink(timestamp now) {
  std::vector<std::string> result;
  while (pins_.size() > pins_max_
         || (!pins_.empty() && now - pins_.back().at >= ttl_)) {
    result.push_back(std::move(pins_.back().id));
    places_.erase(result.back());
    pins_.pop_back();
  }
  return result;
}

} // namespace rota
