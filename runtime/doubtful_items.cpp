#include "runtime/doubtful_items.hpp"

#include "runtime/storage/store.hpp"

#include <map>
#include <set>

namespace rota {

std::string note_doubtful_items(store& disk) {
  std::map<batch_id, std::set<uint64_t>> held;
  for (const auto& head : disk.heads())
    for (const auto& x : head.holds)
      held[x.id.job.batch].insert(x.id.job.item);
  std::vector<commit_ptr> group;
  for (auto& row : disk.batches()) {
    const auto i = held.find(row.id);
    if (i == held.end() || row.options.policy != delivery::at_most_once
        || row.state == batch_state::completed
        || row.state == batch_state::cancelled)
      continue;
    auto& items = i->second;
    items.insert(row.doubtful.begin(), row.doubtful.end());
    row.doubtful.assign(items.lower_bound(row.cursor), items.end());
    auto x = std::make_shared<commit>();
    x->batch = std::move(row);
    group.push_back(std::move(x));
  }
  return group.empty() ? std::string{} : disk.write(group);
}

} // namespace rota
