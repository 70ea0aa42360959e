#pragma once

#include "messages/ec.hpp"

#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/make_message.hpp> // The macro below needs it in sight.

CAF_ERROR_CODE_ENUM(rota::ec, "rota")

namespace rota {

/// @returns The code inside an error of ours; `otherwise` for CAF's own
/// (a timeout, an actor that died).
inline ec code_of(const caf::error& x, ec otherwise = ec::no_account) {
  if (x.category() == caf::atom("rota"))
    return static_cast<ec>(x.code());
  return otherwise;
}

} // namespace rota
