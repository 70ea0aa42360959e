#pragma once

#include "runtime/wiring.hpp"

#include <functional>

namespace rota {

/// An actor that hears once from the disk, calls `then` on the engine's thread,
/// and ends.
durable_actor hear_once(wiring& all, std::function<void()> then);

/// Waits until everything that was sent to the JOURNAL before is written.
/// @returns Whether it was, within `patience`.
bool await_disk(wiring& all, milliseconds patience);

} // namespace rota
