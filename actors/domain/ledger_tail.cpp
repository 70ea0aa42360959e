#include "actors/domain/ledger_tail.hpp"

#include <unordered_map>

namespace rota {

namespace {

/// What an entry makes of the end of its hold.
void apply(past_hold& to, const ledger_entry& x) {
  switch (x.kind) {
    case entry_kind::overrun:
      to.charged -= x.amount;
      break;
    case entry_kind::correct:
      to.charged -= x.amount;
      to.how = entry_kind::settle;
      break;
    case entry_kind::late:
      to.charged = -x.amount;
      to.how = entry_kind::settle;
      break;
    default:
      to.how = x.kind;
      break;
  }
}

bool ends_hold(entry_kind x) {
  return x == entry_kind::settle || x == entry_kind::assume
         || x == entry_kind::release || x == entry_kind::expire;
}

bool follows_end(entry_kind x) {
  return x == entry_kind::overrun || x == entry_kind::late
         || x == entry_kind::correct;
}

} // namespace

endings endings_of(std::span<const ledger_entry> tail) {
  endings result;
  std::unordered_map<account_id, std::unordered_map<hold_id, size_t>> places;
  for (const auto& x : tail) {
    if (!ends_hold(x.kind) && !follows_end(x.kind))
      continue;
    auto& list = result[x.account];
    const auto [i, fresh]
      = places[x.account].try_emplace(x.hold, list.size());
    if (fresh)
      list.push_back({x.hold, entry_kind::settle, {}, x.at});
    auto& ending = list[i->second];
    if (x.kind == entry_kind::settle || x.kind == entry_kind::assume)
      ending.charged = -x.amount;
    apply(ending, x);
  }
  return result;
}

} // namespace rota
