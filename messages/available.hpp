#pragma once

#include "messages/ledger.hpp"

namespace rota {

/// @returns What an account has left by the worse of two views, the books and
/// the last reading, less what is held.
money available_of(const account_head& x);

} // namespace rota
