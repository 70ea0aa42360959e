#include "actors/domain/bounded_json.hpp"

#include <algorithm>

namespace rota {

nlohmann::json parse_bounded(std::string_view text, int depth_max) {
  using json = nlohmann::json;
  // Few brackets are no deep nesting, and counting them is cheaper than to be
  // called for each.
  if (std::count(text.begin(), text.end(), '[')
        + std::count(text.begin(), text.end(), '{')
      <= depth_max)
    return json::parse(text, nullptr, false);
  auto deepest = 0;
  // It says how many levels there are around the one that begins.
  const auto watch = [&](int around, json::parse_event_t what, json&) {
    const auto begins = what == json::parse_event_t::object_start
                        || what == json::parse_event_t::array_start;
    deepest = std::max(deepest, around + begins);
    return !begins || around < depth_max;
  };
  auto result = json::parse(text, watch, false);
  return deepest > depth_max ? json(json::value_t::discarded)
                             : std::move(result);
}

} // namespace rota
