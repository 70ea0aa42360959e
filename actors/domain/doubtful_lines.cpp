#include "actors/domain/doubtful_lines.hpp"

#include "messages/job.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace rota {

namespace {

/// Lines of one batch for which money is held.
struct held_lines {
  std::set<uint64_t> all;
  /// Of those, the ones whose call was under way when the last run ended.
  std::set<uint64_t> cut_off;
};

} // namespace

std::vector<batch_row>
note_doubtful_lines(const std::vector<batch_row>& rows,
                    const std::vector<account_head>& of, uint32_t run) {
  std::map<batch_id, held_lines> held;
  for (const auto& head : of)
    for (const auto& x : head.holds) {
      auto& lines = held[x.id.job.batch];
      lines.all.insert(x.id.job.item);
      // One of an older run was noted by the start that followed it.
      if (!x.in_doubt && run_of(x.id) + 1 == run)
        lines.cut_off.insert(x.id.job.item);
    }
  std::vector<batch_row> result;
  for (const auto& row : rows) {
    const auto i = held.find(row.id);
    if (i == held.end() || is_over(row.state))
      continue;
    const auto once = row.options.policy == delivery::at_most_once;
    const auto& items = once ? i->second.all : i->second.cut_off;
    if (items.empty())
      continue;
    auto doubtful = row.doubtful;
    doubtful.insert(doubtful.end(), items.begin(), items.end());
    std::sort(doubtful.begin(), doubtful.end());
    if (once)
      doubtful.erase(std::unique(doubtful.begin(), doubtful.end()),
                     doubtful.end());
    doubtful.erase(doubtful.begin(),
                   std::lower_bound(doubtful.begin(), doubtful.end(),
                                    row.cursor));
    result.push_back(row);
    result.back().doubtful = std::move(doubtful);
  }
  return result;
}

std::unordered_map<uint64_t, uint32_t>
doubts_of(batch_id x, const std::vector<account_head>& of) {
  std::unordered_map<uint64_t, uint32_t> result;
  for (const auto& head : of)
    for (const auto& hold : head.holds)
      if (hold.id.job.batch == x && !hold.unlikely)
        ++result[hold.id.job.item];
  return result;
}

} // namespace rota
