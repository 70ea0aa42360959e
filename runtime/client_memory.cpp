#include "runtime/client_memory.hpp"

#include <map>

namespace rota {

clients_setup_ptr recall_clients(store& disk, client_list& list) {
  std::map<client_id, clients_setup::member> all;
  for (auto& x : list.clients()) {
    x.id = disk.client_of(x.options.name).client;
    all[x.id].options = x.options;
  }
  for (auto& head : disk.clients())
    all[head.client].head = head;
  // Of accounts that are configured no more, too: they end their holds still.
  for (const auto& head : disk.heads())
    for (const auto& x : head.holds)
      if (const auto i = all.find(x.id.job.client); i != all.end())
        i->second.holds.push_back(x);
  auto result = std::make_shared<clients_setup>();
  for (auto& [id, x] : all)
    result->members.push_back(std::move(x));
  return result;
}

} // namespace rota
