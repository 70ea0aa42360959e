#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

namespace rota {

/// Makes the system run its actors on CAF's work-sharing scheduler, whose clock
/// is told less: CAF 0.17 sends a note to the clock's thread whenever any actor
/// ends, so that it forgets the timeouts of that actor. An actor that has
/// never set one costs that thread a wake-up for nothing, which is a tenth of
/// a whole request where each request is an actor. Such notes end here.
void load_cold_scheduler(caf::actor_system_config& cfg);

} // namespace rota
