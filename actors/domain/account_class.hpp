#pragma once

#include "actors/domain/ordered_index.hpp"
#include "actors/domain/selection.hpp"

#include <algorithm>
#include <array>
#include <map>

// What the ranking knows of accounts taken together.
namespace rota {

using strings = std::vector<std::string>;

using barred_list = std::shared_ptr<const std::vector<model_cooldown>>;

inline bool contains(const strings& sorted, std::string_view x) {
  return std::binary_search(sorted.begin(), sorted.end(), x);
}

inline bool carries(const strings& sorted,
                    std::span<const std::string> wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](auto& x) { return contains(sorted, x); });
}

/// Whether these are the same models, whenever they are back.
inline bool same(const barred_list& x, const barred_list& y) {
  const auto none = [](auto& z) { return !z || z->empty(); };
  return x == y || (none(x) && none(y))
         || (x && y
             && std::equal(x->begin(), x->end(), y->begin(), y->end(),
                           [](const auto& a, const auto& b) {
                             return a.model == b.model;
                           }));
}

/// What bars a model; null if nothing does.
inline const model_cooldown* bar_of(const barred_list& list,
                                    std::string_view model) {
  if (list)
    for (const auto& x : *list)
      if (x.model == model)
        return &x;
  return nullptr;
}

/// Whether an account's site said that it has no such model.
inline bool is_missing(const account_state& x, std::string_view model) {
  const auto* bar = bar_of(x.barred_models, model);
  return bar != nullptr && bar->is_missing;
}

/// Whether an account serves, be it busy just now. One that is tried does not
/// yet.
inline bool is_useful(const account_state& x) {
  return (x.refusal == ec::ok || x.refusal == ec::at_limit)
         && x.health != health_state::probing;
}

/// The less, the more hopeful a refusal is.
inline size_t despair(ec x) {
  constexpr std::array order{
    ec::ok,              ec::at_limit,      ec::cooling, ec::insufficient_funds,
    ec::balance_unknown, ec::reading_stale, ec::ejected, ec::not_ready,
  };
  return static_cast<size_t>(std::find(order.begin(), order.end(), x)
                             - order.begin());
}

inline bool speaks(uint32_t surfaces, surface route) {
  return (surfaces >> static_cast<unsigned>(route) & 1) != 0;
}

/// @param models Sorted; none: any. A demand may be about none.
inline bool has_model(const strings& models, std::string_view wanted) {
  return models.empty() || wanted.empty() || contains(models, wanted);
}

/// What `fastest` ranks by: microseconds to the first byte times load. Whoever
/// is not known yet comes first; while a request explores it, behind all.
inline uint128 load_of(const account_state& x) {
  const auto load = uint128{x.in_flight};
  if (x.latency_us <= 0)
    return load == 0 ? 0 : (uint128{1} << 120) + load;
  return static_cast<uint128>(x.latency_us) * (load + 1);
}

/// What accounts must have in common to be ranked in one tree.
struct class_key {
  uint32_t surfaces = 0;
  strings models;
  strings tags;
  strings barred;

  friend auto operator<=>(const class_key&, const class_key&) = default;

  /// Whether these accounts are configured for the demand.
  bool serves(const demand& x) const {
    return serves_model(x) && carries(tags, x.tags);
  }

  bool serves_model(const demand& x) const {
    return speaks(surfaces, x.route) && has_model(models, x.model);
  }
};

struct account_class {
  size_t members = 0;
  size_t useful = 0; ///< Members that serve, be they busy.
  ordered_index order; ///< Those whose published refusal is ok.
};

using class_map = std::map<class_key, account_class>;

} // namespace rota
