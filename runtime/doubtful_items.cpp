#include "runtime/doubtful_items.hpp"

#include "actors/domain/doubtful_lines.hpp"
#include "runtime/storage/store.hpp"

namespace rota {

std::string note_doubtful_items(store& disk) {
  std::vector<commit_ptr> group;
  for (auto& row : note_doubtful_lines(disk.batches(), disk.heads(),
                                       disk.run())) {
    auto x = std::make_shared<commit>();
    x->batch = std::move(row);
    group.push_back(std::move(x));
  }
  return group.empty() ? std::string{} : disk.write(group);
}

} // namespace rota
