#pragma once

#include "messages/actors.hpp"
#include "messages/ids.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace rota {

/// The BATCH actors that live, by the names of their batches. Thread-safe.
class running_batches : public std::enable_shared_from_this<running_batches> {
public:
  /// Keeps an actor until it ends, in whatever way.
  void add(batch_id id, const batch_actor& x);

  std::optional<batch_actor> find(batch_id id) const;
  std::vector<batch_actor> all() const;

private:
  void remove(batch_id id);

  mutable std::mutex mutex_;
  std::map<batch_id, batch_actor> actors_;
};

} // namespace rota
