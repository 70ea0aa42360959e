#pragma once

#include "messages/batch.hpp"
#include "messages/envelopes.hpp"
#include "runtime/admin/server.hpp"

#include <string>

namespace caf {
class actor_system;
}

namespace rota {

class store;

/// Where the lines of a batch's output come from.
struct result_sources {
  caf::actor_system& system;
  spool_actor spool;
  const store& disk;
  /// The error lines of what was not let in.
  std::string refused_path;
};

/// Streams a batch's output file, or its error file, as a reply: what was not
/// let in first, then the items in the order of the file. Items that a cancel
/// kept from ever starting are written as cancelled. Where something cannot be
/// read, the reply has no end, and the log says why. Bounded memory.
void stream_results(admin_exchange& to, const batch_row& batch, bool errors,
                    const result_sources& from);

} // namespace rota
