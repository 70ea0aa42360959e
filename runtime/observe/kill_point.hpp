#pragma once

namespace rota {

/// A place in the code at which a test may let the daemon die, named after what
/// has just happened or is about to. Here it does nothing; the tests build a
/// daemon of their own, which brings another definition (see
/// tests/support/kill_point.cpp).
void kill_point(const char* name);

} // namespace rota
