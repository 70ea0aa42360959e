#include "actors/domain/doubtful_lines.hpp"

#include <map>
#include <set>

namespace rota {

std::vector<batch_row>
note_doubtful_lines(const std::vector<batch_row>& rows,
                    const std::vector<account_head>& of) {
  std::map<batch_id, std::set<uint64_t>> held;
  for (const auto& head : of)
    for (const auto& x : head.holds)
      held[x.id.job.batch].insert(x.id.job.item);
  std::vector<batch_row> result;
  for (const auto& row : rows) {
    const auto i = held.find(row.id);
    if (i == held.end() || row.options.policy != delivery::at_most_once
        || row.state == batch_state::completed
        || row.state == batch_state::cancelled)
      continue;
    auto& items = i->second;
    items.insert(row.doubtful.begin(), row.doubtful.end());
    result.push_back(row);
    result.back().doubtful.assign(items.lower_bound(row.cursor), items.end());
  }
  return result;
}

} // namespace rota
