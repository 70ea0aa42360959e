#include "runtime/observe/kill_point.hpp"

// Nothing else may stand in this file: who links another definition must not
// need this one.

namespace rota {

void kill_point(const char*) {
  // nop
}

} // namespace rota
