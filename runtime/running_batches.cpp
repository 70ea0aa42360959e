#include "runtime/running_batches.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>

namespace rota {

void running_batches::add(batch_id id, const batch_actor& x) {
  {
    std::lock_guard guard{mutex_};
    actors_.insert_or_assign(id, x);
  }
  // At once if it has ended already, so the lock must be free.
  caf::actor_cast<caf::abstract_actor*>(x)->attach_functor(
    [weak = weak_from_this(), id] {
      if (const auto self = weak.lock())
        self->remove(id);
    });
}

void running_batches::remove(batch_id id) {
  std::lock_guard guard{mutex_};
  actors_.erase(id);
}

std::optional<batch_actor> running_batches::find(batch_id id) const {
  std::lock_guard guard{mutex_};
  if (const auto i = actors_.find(id); i != actors_.end())
    return i->second;
  return std::nullopt;
}

std::vector<batch_actor> running_batches::all() const {
  std::lock_guard guard{mutex_};
  std::vector<batch_actor> result;
  for (const auto& [id, actor] : actors_)
    result.push_back(actor);
  return result;
}

} // namespace rota
